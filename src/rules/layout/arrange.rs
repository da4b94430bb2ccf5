//! Order, columns and blank lines of a TOML document; only white space and the order of keys change.

use toml_edit::{Array, DocumentMut, Item, RawString, Table, Value};

/// The usual order of keys under each heading.
const ORDERS: [(&str, &[&str]); 5] = [
    (
        "claim",
        &[
            "id",
            "status",
            "claim",
            "claimant",
            "said_on",
            "topic",
            "tags",
            "severity",
            "desks",
            "owner",
            "review_by",
            "active_from",
            "expires",
            "replaces",
            "notes",
        ],
    ),
    ("match", &["strictness", "threshold", "phrases", "variants", "all_of", "any_of", "none_of", "urls"]),
    ("when", &["assertion", "quoted", "report", "question", "denial", "factcheck"]),
    ("factcheck", &["publisher", "url", "title", "rating", "verdict", "date", "lang"]),
    ("tests", &["must_match", "must_not_match"]),
];

pub(super) fn document(document: &mut DocumentMut) {
    // The last line of a file may lack its line end.
    let trailing = tidy(&format!("{}\n", text(Some(document.trailing()))));
    document.set_trailing(trailing);
    table(document.as_table_mut(), "", true);
}

fn table(table: &mut Table, name: &str, is_first: bool) {
    let order = ORDERS.iter().find(|(heading, _)| *heading == name).map_or(&[][..], |(_, order)| order);
    if !order.is_empty() {
        in_order(table, order);
    }
    for (_, item) in table.iter_mut() {
        if let Item::Value(Value::Array(list)) = item {
            array(list, 1);
        }
    }
    aligned(table);
    let mut first = is_first && table.iter().all(|(_, item)| !item.is_value());
    for (key, item) in table.iter_mut() {
        let name = key.get().to_owned();
        match item {
            Item::Table(inner) => {
                headed(inner, first);
                self::table(inner, &name, false);
                first = false;
            }
            Item::ArrayOfTables(all) => {
                for inner in all.iter_mut() {
                    headed(inner, first);
                    self::table(inner, &name, false);
                    first = false;
                }
            }
            _ => {}
        }
    }
}

/// A heading stands after one blank line at least.
fn headed(table: &mut Table, is_first: bool) {
    if table.is_implicit() || table.is_dotted() {
        return;
    }
    let before = tidy(text(table.decor().prefix()));
    let before = if is_first || before.starts_with('\n') { before } else { format!("\n{before}") };
    let after = text(table.decor().suffix()).trim_end().to_owned();
    table.decor_mut().set_prefix(before);
    table.decor_mut().set_suffix(after);
}

/// Known keys first, in their order; unknown ones after them, as they were.
fn in_order(table: &mut Table, order: &[&str]) {
    let place = |key: &str| order.iter().position(|known| *known == key).unwrap_or(order.len());
    let places: Vec<usize> = table.iter().filter(|(_, item)| item.is_value()).map(|(key, _)| place(key)).collect();
    if !places.is_sorted() {
        // Tables below a heading keep their places: only values move.
        table.sort_values_by(|a, _, b, _| place(a.get()).cmp(&place(b.get())));
    }
}

/// Aligns the `=` of keys that stand directly below each other with values of one line.
fn aligned(table: &mut Table) {
    let mut groups: Vec<Vec<(String, usize)>> = Vec::new();
    let mut open = false;
    let mut is_first = true;
    for (mut key, item) in table.iter_mut() {
        let Item::Value(value) = item else { continue };
        let prefix = tidy(text(key.leaf_decor().prefix()));
        let prefix = if is_first { prefix.trim_start_matches('\n').to_owned() } else { prefix };
        is_first = false;
        let alone = prefix.contains('\n');
        key.leaf_decor_mut().set_prefix(prefix);
        key.leaf_decor_mut().set_suffix(" ");
        let comment = text(value.decor().suffix()).trim_end().to_owned();
        let shown = value.clone().decorated("", "").to_string();
        value.decor_mut().set_prefix(" ");
        value.decor_mut().set_suffix(comment);
        let one_line = !shown.contains('\n');
        let entry = (key.get().to_owned(), key.display_repr().chars().count());
        match groups.last_mut().filter(|_| open && one_line && !alone) {
            Some(group) => group.push(entry),
            None => groups.push(vec![entry]),
        }
        open = one_line;
    }
    for group in groups {
        let width = group.iter().map(|(_, width)| *width).max().unwrap_or_default();
        for (name, own) in group {
            if let Some(mut key) = table.key_mut(&name) {
                key.leaf_decor_mut().set_suffix(" ".repeat(width - own + 1));
            }
        }
    }
}

/// A list of several lines has one indent, and a comma after its last item.
fn array(list: &mut Array, depth: usize) {
    let several =
        list.iter().any(|value| text(value.decor().prefix()).contains('\n')) || text(Some(list.trailing())).contains('\n');
    let last = list.len().saturating_sub(1);
    for (number, value) in list.iter_mut().enumerate() {
        if let Value::Array(inner) = value {
            array(inner, depth + 1);
        }
        if several {
            // Short words of one kind often share a line, and may.
            let shares_line = number > 0 && text(value.decor().prefix()).trim_matches(' ').is_empty();
            let prefix = if shares_line { " ".to_owned() } else { indented(text(value.decor().prefix()), depth, depth) };
            let suffix = text(value.decor().suffix()).to_owned();
            value.decor_mut().set_prefix(prefix);
            // A comment between a value and its comma has to stay where it is.
            if !suffix.contains('#') || number < last {
                value.decor_mut().set_suffix(if suffix.contains('#') { suffix } else { String::new() });
            }
        } else {
            value.decor_mut().set_prefix(if number == 0 { "" } else { " " });
            value.decor_mut().set_suffix("");
        }
    }
    if several {
        let comment_before_comma = list.iter().last().is_some_and(|value| text(value.decor().suffix()).contains('#'));
        if !list.trailing_comma() && comment_before_comma {
            return;
        }
        list.set_trailing_comma(!list.is_empty());
        let trailing = indented(text(Some(list.trailing())), depth, depth - 1);
        list.set_trailing(if trailing.contains('\n') { trailing } else { format!("{trailing}\n{}", "  ".repeat(depth - 1)) });
    } else {
        list.set_trailing("");
        list.set_trailing_comma(false);
    }
}

/// White space and comments before an item, on lines of their own with one indent.
fn indented(text: &str, depth: usize, last_depth: usize) -> String {
    let (indent, last_indent) = ("  ".repeat(depth), "  ".repeat(last_depth));
    let Some((same_line, rest)) = text.split_once('\n') else {
        // The first item stood on the line of another.
        return if text.trim().is_empty() { format!("\n{last_indent}") } else { text.to_owned() };
    };
    let mut lines: Vec<&str> = rest.split('\n').map(str::trim).collect();
    let last = lines.pop().unwrap_or_default();
    let mut out = format!("{}\n", same_line.trim_end());
    let mut blank_before = false;
    for line in lines {
        // Blank lines inside a list part it into groups: one is enough.
        if line.is_empty() {
            blank_before = true;
            continue;
        }
        if blank_before {
            out.push('\n');
            blank_before = false;
        }
        out.push_str(&format!("{indent}{line}\n"));
    }
    if blank_before && depth == last_depth {
        out.push('\n');
    }
    format!("{out}{last_indent}{last}")
}

/// Lines of comments and blanks before something: no indent, no blanks at line ends, one blank line at most.
fn tidy(text: &str) -> String {
    let mut lines: Vec<&str> = text.split('\n').map(str::trim).collect();
    // What stands after the last line end is the indent of what follows.
    lines.pop();
    let mut out = String::new();
    let mut blank_before = false;
    for line in lines {
        if !(line.is_empty() && blank_before) {
            out.push_str(line);
            out.push('\n');
        }
        blank_before = line.is_empty();
    }
    out
}

fn text(raw: Option<&RawString>) -> &str {
    raw.and_then(RawString::as_str).unwrap_or_default()
}
