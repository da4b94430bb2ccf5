//! What any set of slots tells, in eight look-ups: sets are weighed some thousand times a post.

use super::query::MOST_SLOTS;

/// Slots that are looked up at once.
const TOGETHER: usize = 8;

/// For every eight slots what each set of them tells.
#[derive(Debug, Clone)]
pub struct Scale(Box<[[f32; 1 << TOGETHER]; MOST_SLOTS / TOGETHER]>);

impl Default for Scale {
    fn default() -> Self {
        Self(Box::new([[0.0; 1 << TOGETHER]; MOST_SLOTS / TOGETHER]))
    }
}

impl Scale {
    /// Gets ready for slots that tell so much; sets of other slots must not be weighed.
    pub fn set(&mut self, mut tells: impl Iterator<Item = f32>) {
        for sums in self.0.iter_mut() {
            let Some(first) = tells.next() else { return };
            let others = tells.by_ref().take(TOGETHER - 1);
            for (slot, tells) in std::iter::once(first).chain(others.chain(std::iter::repeat(0.0))).take(TOGETHER).enumerate() {
                let (without, with) = sums.split_at_mut(1 << slot);
                with.iter_mut().zip(without).for_each(|(with, without)| *with = *without + tells);
            }
        }
    }

    /// Gives what a set of slots tells together, in nats.
    pub fn weigh(&self, set: u64) -> f32 {
        let half = |set: u32, from: usize| {
            let sums = set.to_le_bytes().into_iter().zip(&self.0[from..]).map(|(set, sums)| sums[usize::from(set)]);
            sums.fold(0.0, |all, sum| all + sum)
        };
        let low = half(set as u32, 0);
        // Most posts have fewer than half of the slots.
        if set >> 32 == 0 { low } else { low + half((set >> 32) as u32, 4) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_weighs_what_its_slots_tell() {
        let mut scale = Scale::default();
        for slots in [64, 1, 19, 64] {
            let tells = |slot: usize| (slot * 7 % 13) as f32;
            scale.set((0..slots).map(tells));
            for set in [0, 1, 0b1001_1010, 1 << 18, 0xdead_beef_0bad_cafe] {
                let set = set & (u64::MAX >> (64 - slots));
                let sum: f32 = (0..slots).filter(|slot| set & 1 << slot != 0).map(tells).sum();
                assert_eq!(scale.weigh(set), sum, "{slots} {set:x}");
            }
        }
    }
}
