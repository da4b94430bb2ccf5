//! The JSON Schema of rule files: shipped as it is written, true to what the reader knows.

use std::collections::BTreeSet;
use std::fs;

use claimwatch::rules::schema::schema;
use claimwatch::rules::{RuleText, syntax};
use serde_json::{Value, json};

/// As much of JSON Schema as the schema uses; anything else is an error of this test.
fn faults(value: &Value, schema: &Value, at: &str, out: &mut Vec<String>) {
    let Some(rules) = schema.as_object() else { return };
    for (key, rule) in rules {
        let good = match key.as_str() {
            "$schema" | "title" | "description" | "format" => true,
            "const" => value == rule,
            "enum" => rule.as_array().unwrap().contains(value),
            "type" => match rule.as_str().unwrap() {
                "object" => value.is_object(),
                "array" => value.is_array(),
                "string" => value.is_string(),
                "number" => value.is_number(),
                "integer" => value.is_i64(),
                "boolean" => value.is_boolean(),
                other => panic!("{other}"),
            },
            // Patterns are tried by the reader's own tests; here only that they are there.
            "pattern" => rule.is_string(),
            "propertyNames" => rule.is_object(),
            "minimum" => value.as_f64().is_none_or(|number| number >= rule.as_f64().unwrap()),
            "maximum" => value.as_f64().is_none_or(|number| number <= rule.as_f64().unwrap()),
            "minItems" => value.as_array().is_none_or(|items| items.len() as u64 >= rule.as_u64().unwrap()),
            "required" => rule.as_array().unwrap().iter().all(|key| value.get(key.as_str().unwrap()).is_some()),
            "items" => {
                value
                    .as_array()
                    .into_iter()
                    .flatten()
                    .enumerate()
                    .for_each(|(n, item)| faults(item, rule, &format!("{at}[{n}]"), out));
                true
            }
            "properties" => {
                for (key, value) in value.as_object().into_iter().flatten() {
                    if let Some(rule) = rule.get(key) {
                        faults(value, rule, &format!("{at}.{key}"), out);
                    }
                }
                true
            }
            "additionalProperties" => match rule {
                Value::Bool(false) => {
                    value.as_object().into_iter().flatten().all(|(key, _)| schema["properties"].get(key).is_some())
                }
                rule => {
                    value
                        .as_object()
                        .into_iter()
                        .flatten()
                        .for_each(|(key, value)| faults(value, rule, &format!("{at}.{key}"), out));
                    true
                }
            },
            "anyOf" => rule.as_array().unwrap().iter().any(|one| {
                let mut inner = Vec::new();
                faults(value, one, at, &mut inner);
                inner.is_empty()
            }),
            other => panic!("the schema uses `{other}`: teach it to this test"),
        };
        if !good {
            out.push(format!("{at}: {key} {rule}"));
        }
    }
}

fn all(value: &Value) -> Vec<String> {
    let mut out = Vec::new();
    faults(value, &schema(), "", &mut out);
    out
}

/// TOML as editors hand it to their validator: dates as text.
fn tree(text: &str) -> Value {
    fn plain(value: &toml::Value) -> Value {
        match value {
            toml::Value::String(text) => json!(text),
            toml::Value::Integer(number) => json!(number),
            toml::Value::Float(number) => json!(number),
            toml::Value::Boolean(yes) => json!(yes),
            toml::Value::Datetime(date) => json!(date.to_string()),
            toml::Value::Array(items) => items.iter().map(plain).collect(),
            toml::Value::Table(table) => Value::Object(table.iter().map(|(key, value)| (key.clone(), plain(value))).collect()),
        }
    }
    plain(&toml::Value::Table(text.parse().unwrap()))
}

#[test]
fn the_shipped_schema_is_the_one_that_is_printed() {
    let shipped: Value = serde_json::from_str(&fs::read_to_string("rules/claimwatch-rules.schema.json").unwrap()).unwrap();
    assert_eq!(shipped, schema(), "write it anew: claimwatch schema > rules/claimwatch-rules.schema.json");
}

#[test]
fn the_shipped_rules_are_valid() {
    for file in ["rules/lists.toml", "rules/north-korea.toml"] {
        assert_eq!(all(&tree(&fs::read_to_string(file).unwrap())), Vec::<String>::new(), "{file}");
    }
}

#[test]
fn what_the_reader_refuses_the_schema_refuses() {
    let claim = "format = 1\n[[claim]]\nid = \"nk-x\"\nclaim = \"c\"\n";
    for (text, wanted) in [
        (claim.replace("claim = \"c\"\n", ""), "required"),
        (format!("{claim}severty = \"high\"\n"), "additionalProperties"),
        (format!("{claim}severity = \"urgent\"\n"), "enum"),
        (format!("{claim}tags = \"x\"\n"), "type"),
        (format!("{claim}[claim.match]\nphrases = [3]\n"), "anyOf"),
        (format!("{claim}[claim.match]\nthreshold = 75\n"), "maximum"),
        ("[lists]\nabc = [\"x\"]\n".to_owned(), "required"),
    ] {
        assert!(all(&tree(&text)).iter().any(|fault| fault.contains(wanted)), "{wanted}: {text}");
        let files = [RuleText { name: "x.toml".to_owned(), bytes: text.into_bytes() }];
        assert!(!syntax::read(&files).1.is_empty());
    }
}

/// The keys that the reader says it knows, when it is given one that it does not.
fn known_to_the_reader(path: &str, text: &str) -> BTreeSet<String> {
    let files = [RuleText { name: "x.toml".to_owned(), bytes: text.as_bytes().to_vec() }];
    let found = syntax::read(&files).1;
    let help = found.iter().find_map(|one| one.help.as_ref()?.strip_prefix("known here: ").map(str::to_owned));
    let help = help.unwrap_or_else(|| panic!("{path}: {found:?}"));
    help.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn the_schema_and_the_reader_know_the_same_keys() {
    let claim = "format = 1\n[[claim]]\nid = \"nk-x\"\nclaim = \"c\"\n";
    let schema = schema();
    let item = &schema["properties"]["claim"]["items"]["properties"];
    let of = |value: &Value| value["properties"].as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    for (path, text, wanted) in [
        ("", "format = 1\nqqqqq = 1\n".to_owned(), of(&schema)),
        ("claim", format!("{claim}qqqqq = 1\n"), of(&schema["properties"]["claim"]["items"])),
        ("match", format!("{claim}[claim.match]\nqqqqq = 1\nphrases = [\"a b c\"]\n"), of(&item["match"])),
        ("when", format!("{claim}[claim.when]\nqqqqq = 1\n"), of(&item["when"])),
        ("factcheck", format!("{claim}[[claim.factcheck]]\npublisher = \"p\"\nqqqqq = 1\n"), of(&item["factcheck"]["items"])),
        ("tests", format!("{claim}[claim.tests]\nqqqqq = 1\n"), of(&item["tests"])),
        (
            "wording",
            format!("{claim}[claim.match]\nphrases = [{{ text = \"a b c\", qqqqq = 1 }}]\n"),
            of(&item["match"]["properties"]["phrases"]["items"]["anyOf"][1]),
        ),
        (
            "test",
            format!("{claim}[claim.tests]\nmust_match = [{{ text = \"a b c\", qqqqq = 1 }}]\n"),
            of(&item["tests"]["properties"]["must_match"]["items"]["anyOf"][1]),
        ),
    ] {
        assert_eq!(known_to_the_reader(path, &text), wanted, "{path}");
    }
}
