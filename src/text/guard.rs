//! Words that turn a claim around when they change: negations, points of the compass, numbers. No typo may make or unmake them.

use super::frequency::Tongue;

/// Why a word is guarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// Says that something is not so.
    Negation,
    /// A point of the compass, in whatever language.
    Compass(Point),
    /// A number, or a name with a number in it.
    Number,
}

/// The points of the compass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "their names say it")]
pub enum Point {
    North,
    South,
    East,
    West,
}

/// Gives why a folded word of a text in `tongue` is guarded, if it is. Short words are guarded too, but have no meaning here.
pub fn guard(form: &str, tongue: Tongue) -> Option<Guard> {
    if form.bytes().any(|b| b.is_ascii_digit()) {
        return Some(Guard::Number);
    }
    if let Some(point) = compass(form, tongue) {
        return Some(Guard::Compass(point));
    }
    negates(form, tongue).then_some(Guard::Negation)
}

/// Why a word is guarded in each language, worked out once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Guards {
    negation: u8,
    compass: u8,
    number: bool,
}

impl Guards {
    /// Works it out for a folded word.
    pub fn of(form: &str) -> Self {
        let mut guards = Self::default();
        for tongue in Tongue::ALL {
            match guard(form, tongue) {
                Some(Guard::Negation) => guards.negation |= 1 << tongue as u8,
                Some(Guard::Compass(_)) => guards.compass |= 1 << tongue as u8,
                Some(Guard::Number) => guards.number = true,
                None => {}
            }
        }
        guards
    }

    /// Whether it says in this language that something is not so.
    pub fn negates(self, tongue: Tongue) -> bool {
        self.negation & (1 << tongue as u8) != 0
    }

    /// Whether it is a point of the compass in this language.
    pub fn points(self, tongue: Tongue) -> bool {
        self.compass & (1 << tongue as u8) != 0
    }

    /// Whether it is a number, or a name with a number in it.
    pub fn counts(self) -> bool {
        self.number
    }
}

/// French `est`, Spanish `este` and `sur` are other words far more often than points of the compass: left out.
fn compass(form: &str, tongue: Tongue) -> Option<Point> {
    Some(match form {
        "north" | "northern" | "nord" | "norden" | "norte" => Point::North,
        "south" | "southern" | "sud" | "suden" | "sul" => Point::South,
        "sur" if tongue == Tongue::Spanish => Point::South,
        "east" | "eastern" | "ost" | "osten" | "leste" => Point::East,
        "west" | "western" | "westen" | "ouest" | "oeste" => Point::West,
        _ => return None,
    })
}

fn negates(form: &str, tongue: Tongue) -> bool {
    let english = || matches!(form, "no" | "not" | "never" | "none" | "nobody" | "nothing" | "neither" | "nor" | "without");
    let french = || matches!(form, "ne" | "pas" | "jamais" | "aucun" | "aucune" | "rien" | "non" | "ni" | "sans");
    let spanish = || {
        matches!(form, "no" | "nunca" | "jamas" | "ningun" | "ninguno" | "ninguna" | "nada" | "nadie" | "ni" | "tampoco" | "sin")
    };
    let german = || {
        matches!(
            form,
            "nicht"
                | "kein"
                | "keine"
                | "keinen"
                | "keinem"
                | "keiner"
                | "keines"
                | "nie"
                | "niemals"
                | "nichts"
                | "niemand"
                | "ohne"
        )
    };
    let portuguese = || matches!(form, "nao" | "nunca" | "jamais" | "nenhum" | "nenhuma" | "nada" | "ninguem" | "nem" | "sem");
    match tongue {
        Tongue::English => english(),
        Tongue::French => french(),
        Tongue::Spanish => spanish(),
        Tongue::German => german(),
        Tongue::Portuguese => portuguese(),
        // What is "no" in one language is "in the" in another: of a language we do not know only the plainest count.
        Tongue::Other => matches!(
            form,
            "not" | "never" | "nunca" | "jamais" | "nicht" | "kein" | "keine" | "nao" | "non" | "niet" | "geen" | "не" | "нет"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_guarded_in_its_own_language() {
        assert_eq!(guard("no", Tongue::English), Some(Guard::Negation));
        assert_eq!(guard("no", Tongue::Portuguese), None);
        assert_eq!(guard("sur", Tongue::Spanish), Some(Guard::Compass(Point::South)));
        assert_eq!(guard("sur", Tongue::French), None);
        assert_eq!(guard("covid19", Tongue::Other), Some(Guard::Number));
        assert_eq!(guard("threat", Tongue::English), None);
    }
}
