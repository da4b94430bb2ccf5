//! Which column of a table holds what: as told, else by its heading.

/// What a column can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// What is claimed.
    Claim,
    /// Address of the fact-check.
    Url,
    /// Who checked.
    Publisher,
    /// The verdict in words.
    Rating,
    /// When it was checked.
    Date,
    /// Headline of the fact-check.
    Title,
    /// What it says in short.
    Summary,
    /// Who said it.
    Claimant,
    /// When it was said.
    SaidOn,
    /// Language.
    Lang,
    /// Addresses where the claim appeared.
    Urls,
    /// Its id.
    Id,
}

/// Each field with its name in `--columns`, and the headings by which it is known, best first (letters and digits only, lower case).
const FIELDS: [(Field, &str, &[&str]); 12] = [
    (
        Field::Claim,
        "claim",
        &[
            "claim",
            "claimreviewed",
            "claimreviewclaimreviewed",
            "claimtext",
            "vclaim",
            "statement",
            "claimstatement",
            "text",
            "afirmacao",
            "behauptung",
        ],
    ),
    (
        Field::Url,
        "url",
        &[
            "url",
            "claimreviewurl",
            "factcheckurl",
            "reviewurl",
            "factcheckingarticle",
            "factcheck",
            "articleurl",
            "checkurl",
            "link",
            "permalink",
        ],
    ),
    (
        Field::Publisher,
        "publisher",
        &[
            "publisher",
            "publishername",
            "claimreviewauthorname",
            "factchecker",
            "organization",
            "claimreviewpublisher",
            "site",
            "source",
            "agency",
            "author",
        ],
    ),
    (
        Field::Rating,
        "rating",
        &[
            "rating",
            "textualrating",
            "alternatename",
            "ratingalternatename",
            "alternativename",
            "verdict",
            "label",
            "conclusion",
            "reviewratingalternatename",
            "ratingname",
            "truthrating",
        ],
    ),
    (
        Field::Date,
        "date",
        &[
            "date",
            "datepublished",
            "claimreviewdatepublished",
            "reviewdate",
            "published",
            "publisheddate",
            "publishedat",
            "factcheckdate",
            "checkdate",
        ],
    ),
    (Field::Title, "title", &["title", "extratitle", "headline", "reviewtitle", "articletitle"]),
    (Field::Summary, "summary", &["summary", "subtitle", "reviewbody", "description", "extrabody"]),
    (
        Field::Claimant,
        "claimant",
        &["claimant", "creativeworkauthorname", "speaker", "claimauthor", "saidby", "itemreviewedauthorname", "who"],
    ),
    (
        Field::SaidOn,
        "said_on",
        &["saidon", "claimdate", "creativeworkdatepublished", "datesaid", "statementdate", "itemrevieweddatepublished"],
    ),
    (Field::Lang, "lang", &["lang", "language", "languagecode", "inlanguage", "claimlanguage", "extralanguage"]),
    (
        Field::Urls,
        "urls",
        &[
            "urls",
            "appearance",
            "appearances",
            "originalclaimurl",
            "firstappearance",
            "claimurl",
            "itemreviewedurl",
            "posturl",
            "tweeturl",
        ],
    ),
    (Field::Id, "id", &["id", "claimid", "vclaimid"]),
];

/// Which column holds what, by number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Columns {
    /// Field and number of the column.
    pub known: Vec<(Field, usize)>,
    /// The headings, as written.
    pub headings: Vec<String>,
}

/// Why a table cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoTable {
    /// No column holds claims.
    NoClaim {
        /// The headings.
        headings: Vec<String>,
    },
    /// `--columns` names a column that is not there.
    NoColumn {
        /// The name.
        name: String,
        /// The headings.
        headings: Vec<String>,
    },
}

impl std::fmt::Display for NoTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let list = |headings: &[String]| headings.iter().map(|h| format!("`{h}`")).collect::<Vec<_>>().join(", ");
        match self {
            Self::NoClaim { headings } => write!(
                f,
                "no column is recognised as the claim among {}; say which: --columns claim=NAME,url=NAME,rating=NAME",
                list(headings)
            ),
            Self::NoColumn { name, headings } => write!(f, "there is no column `{name}`; the columns are {}", list(headings)),
        }
    }
}

/// Reads `claim=text,url=link`.
///
/// # Errors
/// What is wrong with it.
pub fn assigned(text: &str) -> Result<Vec<(Field, String)>, String> {
    let names = || FIELDS.map(|(_, name, _)| name).join(", ");
    text.split(',')
        .filter(|pair| !pair.trim().is_empty())
        .map(|pair| {
            let (name, column) = pair.split_once('=').ok_or_else(|| format!("`{pair}` is not FIELD=COLUMN"))?;
            let field = FIELDS.iter().find(|(_, known, _)| *known == name.trim());
            let (field, ..) = field.ok_or_else(|| format!("there is no field `{}`; the fields are {}", name.trim(), names()))?;
            Ok((*field, column.trim().to_owned()))
        })
        .collect()
}

impl Columns {
    /// Finds out which column holds what: those that are named, then by their headings.
    ///
    /// # Errors
    /// When no column holds claims, or one that is named is not there.
    pub fn of(headings: Vec<String>, assigned: &[(Field, String)]) -> Result<Self, NoTable> {
        let simple = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
        let mut known: Vec<(Field, usize)> = Vec::new();
        for (field, name) in assigned {
            let exact = headings.iter().position(|heading| heading == name);
            match exact.or_else(|| headings.iter().position(|heading| simple(heading) == simple(name))) {
                Some(at) => known.push((*field, at)),
                None => return Err(NoTable::NoColumn { name: name.clone(), headings }),
            }
        }
        let simples: Vec<String> = headings.iter().map(|heading| simple(heading)).collect();
        for (field, _, names) in FIELDS {
            if known.iter().any(|(other, _)| *other == field) {
                continue;
            }
            let free = |at: usize| !known.iter().any(|(_, taken)| *taken == at);
            let found = names.iter().find_map(|name| simples.iter().position(|heading| heading == name).filter(|at| free(*at)));
            known.extend(found.map(|at| (field, at)));
        }
        if !known.iter().any(|(field, _)| *field == Field::Claim) {
            return Err(NoTable::NoClaim { headings });
        }
        Ok(Self { known, headings })
    }

    /// "claim ← claimReviewed, url ← URL; not used: ratingValue"
    pub fn told(&self) -> String {
        let name = |field: Field| FIELDS.iter().find(|(other, ..)| *other == field).map_or("", |(_, name, _)| name);
        let heading = |at: usize| self.headings.get(at).map_or("", String::as_str);
        let used = self.known.iter().map(|(field, at)| format!("{} ← {}", name(*field), heading(*at)));
        let used = used.collect::<Vec<_>>().join(", ");
        let unused = (0..self.headings.len()).filter(|at| !self.known.iter().any(|(_, used)| used == at)).map(heading);
        let unused: Vec<&str> = unused.filter(|heading| !heading.is_empty()).collect();
        if unused.is_empty() { used } else { format!("{used}; not used: {}", unused.join(", ")) }
    }
}
