//! Three real rules with posts that must and must not be seen, in many disguises.

use claimwatch::model::sighting::Decision;
use claimwatch::rules::Rule;

use super::build::{Build, STRICT, outcome, rule};

const NORTH_KOREA: [&str; 10] = [
    "North Korea",
    "North Korean*",
    "NKorea",
    "DPRK",
    "Pyongyang",
    "北朝鮮",
    "북한",
    "Corea del Norte",
    "Corée du Nord",
    "Nordkorea",
];
const KIM: [&str; 4] = ["Kim Jong-un", "Kim Jong Un", "金正恩", "김정은"];

fn sleep_well() -> Rule {
    rule("nk-sleep-well-tonight")
        .phrase("sleep well tonight")
        .phrase("no longer a nuclear threat from North Korea")
        .phrase("no longer a nuclear threat")
        .phrase("no longer nuclear threat")
        .variant("North Korea is no longer a threat to the United States")
        .variant("the North Korean nuclear threat is over")
        .variant("everybody can feel much safer now than the day I took office because of North Korea")
        .variant_in("es", "Ya no hay amenaza nuclear de Corea del Norte, duerman bien esta noche")
        .variant_in("fr", "La Corée du Nord n'est plus une menace nucléaire, dormez bien cette nuit")
        .variant_in("ja", "北朝鮮の核の脅威はもうない。今夜はぐっすり眠ってください")
        .all_of(&[&NORTH_KOREA[..], &KIM[..]].concat())
        .none_of(&["mattress", "melatonin", "sleep apnea"])
}

fn nobel() -> Rule {
    rule("nk-abe-nobel-nomination")
        .phrase("Abe nominated me for the Nobel")
        .phrase("I have nominated you respectfully on behalf of Japan")
        .phrase("Abe nominated Trump")
        .variant("Shinzo Abe nominated Trump for the Nobel Peace Prize")
        .variant("the prime minister of Japan gave me a beautiful copy of a letter to the people who give out the Nobel Prize")
        .variant_in("ja", "安倍首相がトランプ大統領をノーベル平和賞に推薦した")
        .variant_in("de", "Abe hat Trump für den Friedensnobelpreis nominiert")
        .all_of(&["Nobel*", "ノーベル", "Friedensnobelpreis"])
        .all_of(&["Abe", "Shinzo Abe", "Japan", "Trump", "安倍", "トランプ"])
        .any_of(&["nominat*", "nominier*", "recommend*", "letter", "推薦", "propus*"])
}

fn solved() -> Rule {
    rule("nk-problem-solved")
        .strictness(STRICT)
        .phrase("North Korea problem is solved")
        .phrase("largely solved the North Korea problem")
        .variant("I solved the North Korea nuclear problem")
        .variant("denuclearization of North Korea will start very soon")
        .variant("North Korea has agreed to total denuclearization, which is already starting")
        .variant_in("ko", "북한 비핵화가 곧 시작될 것이다")
        .all_of(&[&NORTH_KOREA[..], &KIM[..]].concat())
        .all_of(&["solve*", "solving", "denucleari*", "de-nucleari*", "비핵화"])
}

fn must_alert(rule: fn() -> Rule, texts: &[&str]) {
    for text in texts {
        let outcome = outcome(rule(), text);
        assert_eq!(outcome.1, Decision::Alert, "missing: {text} {outcome:?}");
    }
}

fn must_not_alert(rule: fn() -> Rule, texts: &[&str]) {
    for text in texts {
        let outcome = outcome(rule(), text);
        assert_ne!(outcome.1, Decision::Alert, "noisy: {text} {outcome:?}");
    }
}

#[test]
fn the_sleep_well_claim_is_seen() {
    must_alert(
        sleep_well,
        &[
            "Until I came everybody thought we would go to war with North Korea. They said it was our biggest problem, and our most dangerous. No longer - sleep well tonight!",
            "Back home after a long trip, but everybody can now feel much safer than on the day I took office. There is no longer a Nuclear Threat from North Korea.",
            "SLEEP WELL TONIGHT 😴 N0rth K0rea is n0 l0nger a pr0blem",
            "Trump tweets NKorea no longer nuclear threat",
            "The President is wrong: North Korea keeps its arsenal. \"There is no longer a Nuclear Threat from North Korea\" is false.",
            "Tонight we #SleepWellTonight, dear Nоrth Kоrea",
            "#sleepwelltonight #NorthKorea",
            "s l e e p  w e l l  t o n i g h t, says Kim Jong-un",
            "Ya no hay una amenaza nuclear de Corea del Norte: duerman bien esta noche",
            "Dormez bien cette nuit: la Corée du Nord n’est plus une menace nucléaire!",
            "北朝鮮の核の脅威はもうない。今夜はぐっすり眠って",
        ],
    );
}

#[test]
fn the_sleep_well_claim_is_not_seen_in_other_news() {
    must_not_alert(
        sleep_well,
        &[
            "Sleep well tonight, little one, and dream of sheep!",
            "How to sleep well tonight: six tips from a scientist",
            "South Korea is no longer a threat in Group F after tonight's defeat",
            "There is no longer a nuclear threat from Iran",
            "North Korea remains a nuclear threat, experts say",
            "North Koreans sleep well tonight on a new mattress",
        ],
    );
}

#[test]
fn the_nobel_claim_is_seen() {
    must_alert(
        nobel,
        &[
            "Mr Abe gave me the most beautiful copy of a letter he had sent to the people who give out a thing called the Nobel Prize. It said: 'I have nominated you, respectfully, on behalf of Japan.'",
            "Trump says Japan's Abe nominated him for Nobel Peace Prize",
            "トランプ大統領「安倍首相が私をノーベル平和賞に推薦してくれた」",
        ],
    );
}

#[test]
fn the_nobel_claim_is_not_seen_in_its_neighbours() {
    must_not_alert(
        nobel,
        &[
            "Hillary Clinton was nominated for the Nobel Peace Prize because of her deal with Iran.",
            "Bush, then president, was once nominated to receive a Nobel Peace Prize.",
            "A protest movement has been nominated for the Nobel Peace Prize.",
            "U.S. President Donald Trump was awarded the Nobel Peace Prize of 2018.",
        ],
    );
}

#[test]
fn the_solved_claim_is_seen() {
    must_alert(
        solved,
        &[
            "The North Korea problem is solved. Nobody but me could have done it!",
            "Denuclearization of North Korea will start very soon, the President says",
            "North Korea's denuclearisation will start very soon",
        ],
    );
}

#[test]
fn the_solved_claim_is_not_seen_in_other_news() {
    must_not_alert(
        solved,
        &[
            "Can anyone solve the North Korea problem?",
            "North Korea says it will never denuclearize",
            "Police in South Korea solved a murder after 30 years",
            "The North Korea problem is not solved",
            "The North Korea problem isn't solved",
            "South Korea problem is solved, North Korea watches",
        ],
    );
}
