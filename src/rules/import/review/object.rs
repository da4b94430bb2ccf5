//! JSON-LD as publishers write it: one or many where the other is expected, names with and without a prefix, references.

use std::collections::HashMap;

use serde_json::{Map, Value};

/// Objects by their `@id`.
#[derive(Debug, Default)]
pub struct References<'v> {
    by_id: HashMap<&'v str, &'v Map<String, Value>>,
}

impl<'v> References<'v> {
    /// Finds all objects of a document that have an `@id` and say more than that.
    pub fn of(document: &'v Value) -> Self {
        let mut found = Self::default();
        found.gather(document);
        found
    }

    fn gather(&mut self, value: &'v Value) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.gather(item)),
            Value::Object(object) => {
                if let Some(Value::String(id)) = object.get("@id").filter(|_| object.len() > 1) {
                    self.by_id.entry(id).or_insert(object);
                }
                object.values().for_each(|item| self.gather(item));
            }
            _ => {}
        }
    }
}

/// An object, and where to look for what it refers to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node<'w, 'v> {
    pub(super) object: &'v Map<String, Value>,
    pub(super) references: &'w References<'v>,
}

impl<'w, 'v> Node<'w, 'v> {
    /// The objects under a key, one or many; what is only referred to is looked up.
    pub(super) fn all(&self, key: &str) -> Vec<Node<'w, 'v>> {
        let values = match property(self.object, key) {
            Some(Value::Array(items)) => items.as_slice(),
            Some(one) => std::slice::from_ref(one),
            None => &[],
        };
        values.iter().filter_map(Value::as_object).map(|object| self.resolved(object)).collect()
    }

    /// The first object under a key.
    pub(super) fn get(&self, key: &str) -> Option<Node<'w, 'v>> {
        self.all(key).into_iter().next()
    }

    /// The first text under a key, as written; numbers count.
    pub(super) fn text(&self, key: &str) -> Option<String> {
        text_of(property(self.object, key))
    }

    /// All texts under a key.
    pub(super) fn texts(&self, key: &str) -> Vec<String> {
        texts_of(property(self.object, key))
    }

    /// The first text under a key that says anything, made plain.
    pub(super) fn plain(&self, key: &str) -> Option<String> {
        self.texts(key).iter().find_map(|text| super::telling(text))
    }

    fn resolved(&self, object: &'v Map<String, Value>) -> Node<'w, 'v> {
        let id = object.get("@id").and_then(Value::as_str).filter(|_| object.keys().all(|key| key == "@id" || key == "@type"));
        let object = id.and_then(|id| self.references.by_id.get(id).copied()).unwrap_or(object);
        Node { object, references: self.references }
    }
}

/// Whether an object is of a type, however that is written.
pub(super) fn is_a(object: &Map<String, Value>, kind: &str) -> bool {
    let is = |value: &Value| value.as_str().is_some_and(|name| local(name).eq_ignore_ascii_case(kind));
    match object.get("@type").or_else(|| object.get("type")) {
        Some(Value::Array(names)) => names.iter().any(is),
        Some(name) => is(name),
        None => false,
    }
}

/// `schema:ClaimReview`, `https://schema.org/ClaimReview` → `ClaimReview`
fn local(name: &str) -> &str {
    name.trim().rsplit(['/', ':', '#']).next().unwrap_or(name)
}

/// The value of a property, also where its name has a prefix.
fn property<'v>(object: &'v Map<String, Value>, key: &str) -> Option<&'v Value> {
    object.get(key).or_else(|| object.iter().find(|(name, _)| name.contains(':') && local(name) == key).map(|(_, value)| value))
}

/// The first text of a value that is not blank.
pub(super) fn text_of(value: Option<&Value>) -> Option<String> {
    texts_of(value).into_iter().next()
}

/// All texts of a value that are not blank; `{"@value": …}` and numbers are texts too.
pub(super) fn texts_of(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(text)) if !text.trim().is_empty() => vec![text.clone()],
        Some(Value::Number(number)) => vec![number.to_string()],
        Some(Value::Array(items)) => items.iter().flat_map(|item| texts_of(Some(item))).collect(),
        Some(Value::Object(object)) => object.get("@value").map(|value| texts_of(Some(value))).unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// Addresses under a key: texts, or objects that hold them under one of `keys`.
pub(super) fn places(value: Option<&Value>, keys: &[&str]) -> Vec<String> {
    match value {
        Some(Value::Array(items)) => items.iter().flat_map(|item| places(Some(item), keys)).collect(),
        Some(Value::Object(object)) => {
            let written = keys.iter().flat_map(|key| texts_of(property(object, key)));
            // An `@id` may be a name of the publisher's own making.
            written.filter(|text| !text.starts_with(['#', '_'])).collect()
        }
        other => texts_of(other),
    }
}

/// "a, b and c" → three addresses. Commas and spaces may stand inside an address: parted only where the next begins.
pub(super) fn several(text: &str) -> Vec<&str> {
    let starts = |rest: &str| ["http://", "https://", "www."].iter().any(|start| rest.starts_with(start));
    let mut parts = Vec::new();
    let mut rest = text.trim();
    loop {
        let next = rest.char_indices().skip(1).find(|(at, _)| {
            let before = rest[..*at].chars().next_back();
            starts(&rest[*at..]) && before.is_some_and(|c| c.is_whitespace() || matches!(c, ',' | ';' | '|'))
        });
        let (part, more) = next.map_or((rest, ""), |(at, _)| rest.split_at(at));
        let part = part.trim().trim_end_matches([',', ';', '|']).trim();
        let part = ["and", "und", "et", "y", "e", "&"]
            .iter()
            .find_map(|word| part.strip_suffix(word)?.strip_suffix(' '))
            .unwrap_or(part);
        parts.push(part.trim().trim_end_matches([',', ';', '|']));
        if more.is_empty() {
            return parts;
        }
        rest = more;
    }
}
