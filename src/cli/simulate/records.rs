//! Recorded states on their way into a file, without being held in memory.
//!
//! They are appended, record after record, to a file beside the one asked for; when the run is over the walkers that stayed are
//! copied from it into that one, which appears whole. A checkpoint says how far the records were good, and their checksum.

use super::super::failure::Failure;
use super::super::output;
use crate::archive::Writer;
use crate::sim::{Ensemble, running_checksum};
use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Numbers held at a time.
const HELD: usize = 1 << 21;

/// The file beside.
pub struct Records {
    path: PathBuf,
    file: File,
    /// Bytes appended so far, and their checksum.
    pub bytes: u64,
    pub sum: u64,
    /// Whether its name is left alone in the end: it outlives an interrupted program, or is gone already.
    stays: bool,
}

/// What is recorded and when.
pub struct Course {
    /// Walkers, those that diverged included.
    pub walkers: usize,
    /// Directions across the valley.
    pub directions: usize,
    /// All steps, those before the first interval, and those between records.
    pub steps: u64,
    pub burn_in: u64,
    pub every: u64,
    /// Time per step.
    pub dt: f64,
    /// For steps of SGD.
    pub learning_rate: Option<f64>,
}

fn written(path: &Path) -> impl Fn(std::io::Error) -> Failure + '_ {
    move |e| Failure::of_file(path, format!("cannot be written: {e}"))
}

impl Records {
    /// Records of a new run into `out`. Where they `stay` for a run to be resumed, the name is one that can be found again.
    pub fn create(out: &Path, stay: bool) -> Result<Records, Failure> {
        let mut path = out.as_os_str().to_owned();
        path.push(".records");
        let path = if stay { PathBuf::from(path) } else { output::beside(Path::new(&path)) };
        let open = File::options().read(true).write(true).create(true).truncate(true).open(&path);
        let file = open.map_err(written(&path))?;
        // Where an open file needs no name it gives it up now: even a killed program leaves nothing behind.
        let nameless = !stay && cfg!(unix) && std::fs::remove_file(&path).is_ok();
        Ok(Records { path, file, bytes: 0, sum: 0, stays: stay || nameless })
    }

    /// The records of a run that goes on, cut off where its checkpoint was written.
    pub fn reopen(path: PathBuf, bytes: u64, sum: u64) -> Result<Records, Failure> {
        let unreadable = |e| Failure::of_file(&path, format!("the records of this run cannot be read: {e}"));
        let file = File::options().read(true).write(true).open(&path).map_err(unreadable)?;
        let (mut found, mut left, mut piece) = (0, bytes, vec![0; 8 * HELD]);
        let mut reader = &file;
        while left > 0 {
            let now = left.min(piece.len() as u64) as usize;
            reader.read_exact(&mut piece[..now]).map_err(unreadable)?;
            found = running_checksum(found, &piece[..now]);
            left -= now as u64;
        }
        if found != sum {
            return Err(Failure::of_file(&path, "the records are not those that the checkpoint was written with"));
        }
        file.set_len(bytes).map_err(written(&path))?;
        (&file).seek(SeekFrom::Start(bytes)).map_err(written(&path))?;
        Ok(Records { path, file, bytes, sum, stays: true })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends whole records.
    pub fn append(&mut self, values: &[f64]) -> Result<(), Failure> {
        for piece in values.chunks(HELD) {
            let bytes: Vec<u8> = piece.iter().flat_map(|v| v.to_le_bytes()).collect();
            self.file.write_all(&bytes).map_err(written(&self.path))?;
            self.bytes += bytes.len() as u64;
            self.sum = running_checksum(self.sum, &bytes);
        }
        Ok(())
    }

    /// Whatever was appended outlives the machine, too.
    pub fn sync(&self) -> Result<(), Failure> {
        self.file.sync_data().map_err(written(&self.path))
    }

    /// The run is over: it is not needed any more.
    pub fn remove(mut self) {
        self.stays = false;
    }

    /// Puts what was recorded of the walkers that stayed into `out`, whole.
    pub fn publish(&mut self, out: &Path, course: &Course, found: &Ensemble) -> Result<(), Failure> {
        self.file.flush().map_err(written(&self.path))?;
        let mut stayed = vec![true; course.walkers];
        found.diverged.falls.iter().for_each(|fall| stayed[fall.walker] = false);
        let stayed: Vec<usize> = (0..course.walkers).filter(|w| stayed[*w]).collect();
        let stride = course.walkers * (1 + course.directions);
        let records = (self.bytes / 8) as usize / stride;
        let source = Source { file: &self.file, course, stayed: &stayed, records };
        let archive = out.extension().and_then(|e| e.to_str()) == Some("npz");
        if !archive {
            save_diverged(out, found, course.learning_rate.is_some())?;
        }
        output::write_with(out, |file| if archive { source.archive(file, found) } else { source.table(file) })
    }
}

impl Drop for Records {
    fn drop(&mut self) {
        if !self.stays {
            // That it cannot be removed adds nothing to what is reported.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Names of the columns across the valley: `y`, or `y1`, `y2`, …
pub fn names(directions: usize) -> Vec<String> {
    if directions == 1 { vec!["y".to_owned()] } else { (1..=directions).map(|i| format!("y{i}")).collect() }
}

struct Source<'a> {
    file: &'a File,
    course: &'a Course,
    stayed: &'a [usize],
    records: usize,
}

impl Source<'_> {
    /// Reads numbers from position `at` on.
    fn read(&self, at: usize, numbers: &mut [f64]) -> std::io::Result<()> {
        let mut bytes = vec![0; 8 * numbers.len()];
        let mut file = self.file;
        file.seek(SeekFrom::Start(8 * at as u64))?;
        file.read_exact(&mut bytes)?;
        for (number, word) in numbers.iter_mut().zip(bytes.as_chunks::<8>().0) {
            *number = f64::from_le_bytes(*word);
        }
        Ok(())
    }

    /// Arrays `x`, `y…` of shape (walkers, times), time by time as they were recorded; `walker`, `interval`, `learning_rate`, and
    /// the walkers that diverged.
    fn archive(&self, into: &mut File, found: &Ensemble) -> std::io::Result<()> {
        let mut archive = Writer::new(BufWriter::new(into));
        let walkers = self.course.walkers;
        let mut all = vec![0.0; walkers];
        let mut some = vec![0.0; self.stayed.len()];
        let names = std::iter::once("x".to_owned()).chain(names(self.course.directions));
        for (quantity, name) in names.enumerate() {
            archive.begin(&name, &[self.stayed.len(), self.records])?;
            for record in 0..self.records {
                self.read((record * (1 + self.course.directions) + quantity) * walkers, &mut all)?;
                some.iter_mut().zip(self.stayed).for_each(|(s, w)| *s = all[*w]);
                archive.values(&some)?;
            }
        }
        let mut scalar = |name: &str, value: f64| {
            archive.begin(name, &[])?;
            archive.values(&[value])
        };
        match self.course.learning_rate {
            // Steps of SGD are counted, not timed.
            Some(rate) => {
                scalar("interval", self.course.every as f64)?;
                scalar("learning_rate", rate)?;
            }
            None => scalar("interval", self.course.every as f64 * self.course.dt)?,
        }
        for (name, values) in diverged(found) {
            archive.begin(name, &[values.len()])?;
            archive.values(&values)?;
        }
        archive.finish()?.flush()
    }

    /// Walker after walker, each with all its times.
    fn table(&self, into: &mut File) -> std::io::Result<()> {
        let mut out = BufWriter::new(into);
        let course = self.course;
        let clock = if course.learning_rate.is_some() { "step" } else { "time" };
        writeln!(out, "walker,{clock},x,{}", names(course.directions).join(","))?;
        let quantities = 1 + course.directions;
        let together = (HELD / (self.records * quantities).max(1)).clamp(1, self.stayed.len().max(1));
        for group in self.stayed.chunks(together) {
            let (first, last) = (group[0], group[group.len() - 1]);
            let width = last - first + 1;
            let mut held = vec![0.0; width * self.records * quantities];
            for (line, numbers) in held.chunks_mut(width).enumerate() {
                self.read(line * course.walkers + first, numbers)?;
            }
            for walker in group {
                for record in 0..self.records {
                    let step = course.burn_in + (record as u64 + 1) * course.every;
                    match course.learning_rate {
                        Some(_) => write!(out, "{walker},{step}")?,
                        None => write!(out, "{walker},{}", step as f64 * course.dt)?,
                    }
                    for quantity in 0..quantities {
                        write!(out, ",{}", held[(record * quantities + quantity) * width + walker - first])?;
                    }
                    writeln!(out)?;
                }
            }
        }
        out.flush()
    }
}

/// The walkers that diverged as a table beside `out`, where there are any: `NAME.diverged.csv`; none of an earlier run stays.
pub fn save_diverged(out: &Path, found: &Ensemble, sgd: bool) -> Result<(), Failure> {
    let path = out.with_extension("diverged.csv");
    if found.diverged.count == 0 {
        return match std::fs::remove_file(&path) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(written(&path)(e)),
            _ => Ok(()),
        };
    }
    let pace = if sgd { "learning_rate" } else { "dt" };
    output::write_with(&path, |file| {
        let mut out = BufWriter::new(file);
        writeln!(out, "walker,step,time,x,{pace}")?;
        for fall in &found.diverged.falls {
            writeln!(out, "{},{},{},{},{}", fall.walker, fall.step, fall.step as f64 * found.dt, fall.x, found.dt)?;
        }
        out.flush()
    })
}

/// The walkers that diverged, as arrays: number, step, last sound place.
pub fn diverged(found: &Ensemble) -> [(&'static str, Vec<f64>); 3] {
    let falls = &found.diverged.falls;
    [
        ("diverged_walker", falls.iter().map(|f| f.walker as f64).collect()),
        ("diverged_step", falls.iter().map(|f| f.step as f64).collect()),
        ("diverged_x", falls.iter().map(|f| f.x).collect()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_go_on_where_they_were_good_and_nowhere_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().join("out.npz");
        let mut records = Records::create(&out, true).expect("created");
        records.append(&[1.0, 2.0]).expect("written");
        let (path, bytes, sum) = (records.path().to_owned(), records.bytes, records.sum);
        records.append(&[3.0]).expect("written");
        assert!(Records::reopen(path.clone(), bytes + 8, sum).is_err(), "another length");
        assert!(Records::reopen(path.clone(), bytes + 80, sum).is_err(), "more than there is");
        let mut again = Records::reopen(path.clone(), bytes, sum).expect("fits");
        again.append(&[4.0]).expect("written");
        let whole: Vec<u8> = [1.0_f64, 2.0, 4.0].iter().flat_map(|v| v.to_le_bytes()).collect();
        assert_eq!(std::fs::read(&path).expect("there"), whole);
        assert_eq!(running_checksum(0, &whole), again.sum);
        again.remove();
        assert!(!path.exists());
        let passing = Records::create(&out, false).expect("created");
        drop(passing);
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
    }
}
