//! A run written down: what was asked, and the whole state of its walkers. One list of what there is serves both ways.
//!
//! The file is a line of magic, then three parts, each with its length in bytes before it: the description of the run, the
//! notes of the one who keeps it (both as JSON objects of strings) and the state in 64-bit words; last a checksum of
//! all of it. Everything is little endian.

use super::SimError;
use super::block::Block;
use thiserror::Error;

/// First line of the file; the number is that of its layout.
const MAGIC: &[u8] = b"thalweg checkpoint 1\n";
/// First line of every layout.
const ANY: &[u8] = b"thalweg checkpoint ";

/// Why a run cannot be taken up.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum CheckpointError {
    /// The file is something else.
    #[error("it is not a checkpoint of this program")]
    NotACheckpoint,
    /// The file has another layout.
    #[error("it was written by a version of this program with another layout of checkpoints")]
    Layout,
    /// The file is cut short or was changed.
    #[error("the checkpoint is cut short or damaged: its checksum or length is wrong")]
    Damaged,
    /// The run was another one.
    #[error("the checkpoint is of another run: its {what} is {written}, here it is {present}")]
    Foreign {
        /// What differs.
        what: String,
        /// In the checkpoint.
        written: String,
        /// In the run to be taken up.
        present: String,
    },
    /// The plan cannot be followed.
    #[error(transparent)]
    Plan(#[from] SimError),
}

/// A run written down.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    description: Words,
    notes: Words,
    state: Vec<u8>,
}

/// Names and what is said of them, in order.
type Words = Vec<(String, String)>;

/// The checksum of more bytes after those whose checksum is `from` (of none: 0), as long as each piece but the last is whole
/// 64-bit words. Any change of one word changes it; of other damage chance leaves one in 2^64 unseen.
pub fn checksum(from: u64, bytes: &[u8]) -> u64 {
    bytes.chunks(8).fold(from, |sum, chunk| {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        let mixed = (sum ^ u64::from_le_bytes(word)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed ^ (mixed >> 29)
    })
}

impl Checkpoint {
    pub(super) fn new(description: Words, notes: Words, state: Vec<u8>) -> Checkpoint {
        Checkpoint { description, notes, state }
    }

    /// The bytes of the file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        for part in [&text(&self.description), &text(&self.notes), &self.state] {
            bytes.extend((part.len() as u64).to_le_bytes());
            bytes.extend(part);
        }
        let sum = checksum(0, &bytes);
        bytes.extend(sum.to_le_bytes());
        bytes
    }

    /// From the bytes of a file.
    ///
    /// # Errors
    /// Something else, another layout, cut short or damaged.
    pub fn read(bytes: &[u8]) -> Result<Checkpoint, CheckpointError> {
        if !bytes.starts_with(ANY) {
            return Err(CheckpointError::NotACheckpoint);
        }
        let (whole, sum) = bytes.split_last_chunk::<8>().ok_or(CheckpointError::Damaged)?;
        let mut rest = whole.strip_prefix(MAGIC).ok_or(CheckpointError::Layout)?;
        if checksum(0, whole) != u64::from_le_bytes(*sum) {
            return Err(CheckpointError::Damaged);
        }
        let mut part = || -> Option<&[u8]> {
            let (length, after) = rest.split_first_chunk::<8>()?;
            let (part, after) = after.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
            rest = after;
            Some(part)
        };
        let (description, notes, state) = (part(), part(), part());
        match (description.and_then(words), notes.and_then(words), state) {
            (Some(description), Some(notes), Some(state)) if rest.is_empty() => {
                Ok(Checkpoint { description, notes, state: state.to_vec() })
            }
            _ => Err(CheckpointError::Damaged),
        }
    }

    /// What the run was, by name: `walkers`, `steps`, `dt`, `scheme`, `start`, `every`, `burn_in`, `seed`, `simd`, `edges`, `model`.
    pub fn said(&self, name: &str) -> Option<&str> {
        found(&self.description, name)
    }

    /// A note of the one who kept it.
    pub fn note(&self, name: &str) -> Option<&str> {
        found(&self.notes, name)
    }

    pub(super) fn state(&self) -> &[u8] {
        &self.state
    }

    /// Whether the run was that one.
    pub(super) fn fits(&self, present: &Words) -> Result<(), CheckpointError> {
        for (name, value) in present {
            let written = self.said(name).ok_or(CheckpointError::Damaged)?;
            if written != value {
                let line = |text: &str, other: &str| {
                    let differs = text.lines().zip(other.lines().chain(std::iter::repeat(""))).find(|(a, b)| a != b);
                    differs.map_or(text, |(line, _)| line).trim().to_owned()
                };
                return Err(CheckpointError::Foreign {
                    what: name.replace("burn_in", "burn-in"),
                    written: line(written, value),
                    present: line(value, written),
                });
            }
        }
        Ok(())
    }
}

fn found<'a>(words: &'a Words, name: &str) -> Option<&'a str> {
    words.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
}

fn text(words: &Words) -> Vec<u8> {
    let object: serde_json::Map<_, _> = words.iter().map(|(n, v)| (n.clone(), v.as_str().into())).collect();
    serde_json::Value::Object(object).to_string().into_bytes()
}

fn words(bytes: &[u8]) -> Option<Words> {
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(bytes).ok()?;
    object.into_iter().map(|(name, value)| Some((name, value.as_str()?.to_owned()))).collect()
}

/// Hands over words one by one: a writer copies each, a reader replaces each.
pub(crate) trait Exchange {
    /// One word.
    fn word(&mut self, word: &mut u64);

    /// One number, bit by bit.
    fn number(&mut self, number: &mut f64) {
        let mut word = number.to_bits();
        self.word(&mut word);
        *number = f64::from_bits(word);
    }

    /// Numbers whose count both sides know.
    fn numbers(&mut self, numbers: &mut [f64]) {
        numbers.iter_mut().for_each(|n| self.number(n));
    }

    /// One truth value.
    fn flag(&mut self, flag: &mut bool) {
        let mut word = u64::from(*flag);
        self.word(&mut word);
        *flag = word != 0;
    }
}

/// Writes words into bytes, little endian.
#[derive(Default)]
pub(crate) struct Writer(pub Vec<u8>);

impl Exchange for Writer {
    fn word(&mut self, word: &mut u64) {
        self.0.extend(word.to_le_bytes());
    }
}

/// Reads words from bytes; beyond their end it reads zeros and remembers that it did.
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    short: bool,
}

impl<'a> Reader<'a> {
    pub fn of(bytes: &'a [u8]) -> Reader<'a> {
        Reader { bytes, short: false }
    }

    /// Whether exactly all bytes were read.
    pub fn is_done(&self) -> bool {
        self.bytes.is_empty() && !self.short
    }

    /// A length, at most the words that are left: nothing is allocated for a length that is not there.
    pub fn bounded(&self, length: u64) -> usize {
        length.min(self.bytes.len() as u64 / 8) as usize
    }
}

impl Exchange for Reader<'_> {
    fn word(&mut self, word: &mut u64) {
        match self.bytes.split_first_chunk::<8>() {
            Some((first, rest)) => {
                *word = u64::from_le_bytes(*first);
                self.bytes = rest;
            }
            None => {
                *word = 0;
                self.short = true;
            }
        }
    }
}

impl Block {
    /// Everything that the steps to come depend on, and what has been found so far. A block made from the same problem and
    /// plan goes on after reading as the one that was written would have gone on.
    fn exchange(&mut self, with: &mut dyn Exchange) {
        self.stream.exchange(with);
        with.word(&mut self.step);
        for lists in [&mut self.x, &mut self.y, &mut self.x_velocity, &mut self.y_velocity, &mut self.epoch_sums] {
            lists.iter_mut().for_each(|list| with.numbers(list.as_flattened_mut()));
        }
        self.alive.iter_mut().for_each(|alive| with.flag(alive));
        with.numbers(&mut self.raw);
        with.flag(&mut self.owed);
        for (walker, step, place) in &mut self.falls {
            let mut number = *walker as u64;
            with.word(&mut number);
            *walker = number as usize;
            with.word(step);
            with.number(place);
        }
    }

    /// Writes the state.
    pub(super) fn save(&mut self, into: &mut Writer) {
        into.word(&mut (self.falls.len() as u64));
        self.exchange(into);
    }

    /// Reads what [`Block::save`] wrote.
    pub(super) fn restore(&mut self, from: &mut Reader) {
        let mut falls = 0;
        from.word(&mut falls);
        self.falls = vec![(0, 0, 0.0); from.bounded(falls)];
        self.exchange(from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_back_and_a_short_text_is_noticed() {
        let mut writer = Writer::default();
        writer.numbers(&mut [1.5, -0.0, f64::NAN]);
        writer.flag(&mut true);
        let mut back = [0.0; 3];
        let mut flag = false;
        let mut reader = Reader::of(&writer.0);
        reader.numbers(&mut back);
        assert!(!reader.is_done());
        reader.flag(&mut flag);
        assert!(reader.is_done() && flag && back[0] == 1.5 && back[1].is_sign_negative() && back[2].is_nan());
        let mut word = 7;
        reader.word(&mut word);
        assert!(!reader.is_done() && word == 0);
    }

    #[test]
    fn no_damage_goes_unseen() {
        let words = vec![("walkers".to_owned(), "7".to_owned())];
        let written = Checkpoint::new(words.clone(), words, vec![1, 2, 3]);
        let bytes = written.to_bytes();
        assert_eq!(Checkpoint::read(&bytes), Ok(written));
        for length in 0..bytes.len() {
            assert!(Checkpoint::read(&bytes[..length]).is_err(), "{length}");
        }
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 4;
            assert!(Checkpoint::read(&changed).is_err(), "{at}");
        }
        assert_eq!(Checkpoint::read(&[&bytes[..], &[0]].concat()), Err(CheckpointError::Damaged));
        assert_eq!(Checkpoint::read(b"PK"), Err(CheckpointError::NotACheckpoint));
        assert_eq!(Checkpoint::read(b"thalweg checkpoint 2\n00000000"), Err(CheckpointError::Layout));
    }
}
