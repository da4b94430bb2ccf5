//! The JSON Schema of rule files, from which editors complete keys and underline mistakes; written here and nowhere else.
//!
//! `rules/claimwatch-rules.schema.json` is what [`schema`] gives; a test holds that it knows the same keys as the reader.

use serde_json::{Map, Value, json};

/// Gives the schema (draft 07: what editors of TOML understand).
pub fn schema() -> Value {
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "claimwatch rules",
        "description": "Claims that have been checked, and how posts that repeat them are recognised. The handbook is rules/README.md.",
        "type": "object",
        "additionalProperties": false,
        "required": ["format"],
        "properties": {
            "format": { "const": 1, "description": "Always 1." },
            "lists": lists(),
            "claim": { "type": "array", "items": claim(), "description": "One statement that somebody has already checked." },
        },
    })
}

fn object(required: &[&str], properties: &[(&str, Value)]) -> Value {
    let properties: Map<String, Value> = properties.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    json!({ "type": "object", "additionalProperties": false, "required": required, "properties": properties })
}

fn text(about: &str) -> Value {
    json!({ "type": "string", "pattern": "\\S", "description": about })
}

fn date(about: &str) -> Value {
    // Editors hand a TOML date over as text.
    json!({ "type": "string", "format": "date", "description": format!("{about} A date without quotes: 2018-06-13.") })
}

fn one_of(words: &[&str], about: &str) -> Value {
    json!({ "enum": words, "description": about })
}

fn several(item: &Value, about: &str) -> Value {
    json!({ "type": "array", "items": item, "description": about })
}

fn address(about: &str) -> Value {
    json!({ "type": "string", "pattern": "^\\s*https?://", "description": about })
}

fn lang() -> Value {
    json!({ "type": "string", "pattern": "^[A-Za-z]{2,3}([-_].*)?$", "description": "Language: \"en\", \"fr\", \"de\", \"es\", \"ja\", \"ko\" …" })
}

fn id(about: &str) -> Value {
    json!({ "type": "string", "pattern": "^[a-z0-9-]{3,64}$", "description": about })
}

fn term() -> Value {
    json!({ "type": "string", "pattern": "^[^*]*[^*\\s][^*]*\\*?$", "description": "A word or words; a final * stands for any ending; @name for a shared list." })
}

fn lists() -> Value {
    json!({
        "type": "object",
        "description": "Words that mean the same, written once; rules name a list with @.",
        "propertyNames": { "pattern": "^[a-z0-9-]{3,64}$" },
        "additionalProperties": { "type": "array", "minItems": 1, "items": { "type": "string", "pattern": "^[^@*]+\\*?$" } },
    })
}

fn claim() -> Value {
    let texts = json!({ "type": "string", "pattern": "\\S" });
    object(
        &["id", "claim"],
        &[
            ("id", id("Small letters, digits and hyphens. Never used again for another claim.")),
            (
                "status",
                one_of(
                    &["draft", "test", "active", "paused", "retired"],
                    "draft: not loaded. test: counted, nobody is told. active (the default). paused. retired: kept for history.",
                ),
            ),
            ("claim", text("What is claimed, in one sentence.")),
            ("claimant", text("Who said it first.")),
            ("said_on", date("When it was said.")),
            ("topic", text("Subject that desks subscribe to.")),
            ("tags", several(&texts, "Further subjects.")),
            ("severity", one_of(&["low", "normal", "high"], "How urgent it is; normal is the default.")),
            ("desks", several(&texts, "Desks to tell, beside those that subscribe to the topic.")),
            ("owner", text("Mail address of whoever answers for this rule.")),
            ("review_by", date("When somebody should look at it again.")),
            ("active_from", date("First day on which it is matched.")),
            ("expires", date("Last day on which it is matched.")),
            (
                "replaces",
                json!({ "anyOf": [id("An id."), several(&id("An id."), "Ids.")], "description": "Ids of older rules whose place this one takes." }),
            ),
            ("notes", text("Anything a colleague should know.")),
            ("match", matching()),
            ("when", when()),
            (
                "factcheck",
                json!({ "type": "array", "items": factcheck(), "description": "What was found; letters link to the first." }),
            ),
            ("tests", tests()),
        ],
    )
}

fn matching() -> Value {
    let wording = json!({
        "anyOf": [text("The wording."), object(&["text"], &[("lang", lang()), ("text", text("The wording."))])],
    });
    object(
        &[],
        &[
            (
                "strictness",
                one_of(&["strict", "normal", "loose"], "How much of a wording a post must hold: .85, .75 (the default) or .60."),
            ),
            (
                "threshold",
                json!({ "type": "number", "minimum": 0, "maximum": 1, "description": "Instead of strictness; better avoided." }),
            ),
            ("phrases", several(&wording, "Near-verbatim wordings: words in this order, one gap and small typos allowed.")),
            ("variants", several(&wording, "Paraphrases: words in any order, close together.")),
            (
                "all_of",
                several(
                    &json!({ "type": "array", "minItems": 1, "items": term() }),
                    "Groups of words: the post must hold one of every group.",
                ),
            ),
            ("any_of", several(&term(), "The post must hold one of these.")),
            ("none_of", several(&term(), "The post may hold none of these.")),
            (
                "urls",
                several(
                    &address("Where the claim appeared."),
                    "Addresses where the claim appeared: posts that link to them match.",
                ),
            ),
        ],
    )
}

fn when() -> Value {
    let what = |stance: &str| one_of(&["alert", "digest", "ignore"], &format!("What to do with a post that {stance}."));
    object(
        &[],
        &[
            ("assertion", what("says it")),
            ("quoted", what("quotes the claimant saying it")),
            ("report", what("reports that somebody says it")),
            ("question", what("asks whether it is so")),
            ("denial", what("says that it is wrong")),
            ("factcheck", what("is itself a fact-check")),
        ],
    )
}

fn factcheck() -> Value {
    object(
        &["publisher"],
        &[
            ("publisher", text("Who checked.")),
            ("url", address("Where to read it.")),
            ("title", text("Its headline.")),
            ("rating", text("The publisher's own words, letter by letter.")),
            (
                "verdict",
                one_of(
                    &["false", "misleading", "unproven", "mixed", "true", "satire", "unrated"],
                    "The rating on the scale all share; never more than the publisher says.",
                ),
            ),
            (
                "date",
                json!({ "anyOf": [{ "type": "integer", "minimum": 1900, "maximum": 2200 }, { "type": "string", "format": "date" }], "description": "When it was published; the year alone where only that is known." }),
            ),
            ("lang", lang()),
        ],
    )
}

fn tests() -> Value {
    let test = json!({
        "anyOf": [
            text("A post."),
            object(
                &["text"],
                &[
                    ("text", text("A post.")),
                    ("lang", lang()),
                    ("url", address("Address of the post.")),
                    ("expect", one_of(&["assertion", "quoted", "report", "question", "denial", "factcheck"], "How it stands to the claim.")),
                    ("why", text("Why this test is here.")),
                    ("pending", json!({ "type": "boolean", "description": "Known to fail today." })),
                ],
            ),
        ],
    });
    object(
        &[],
        &[
            ("must_match", several(&test, "Posts that must match, as people really write them.")),
            ("must_not_match", several(&test, "Posts that only look alike.")),
        ],
    )
}
