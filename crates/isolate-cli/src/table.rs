//! Text in columns, cut at the width of a terminal, and the signs of trees.

use std::io::IsTerminal;

/// The cells of one line.
pub type Row<const N: usize> = [String; N];

/// Middle branch, last branch, passing by, nothing.
pub const BOXES: [&str; 4] = ["├─ ", "└─ ", "│  ", "   "];
pub const ASCII: [&str; 4] = ["|- ", "`- ", "|  ", "   "];

/// The signs that the caller's locale has.
pub fn branches() -> [&'static str; 4] {
    let set = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
    // As setlocale(3) looks for the character set.
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
    match locale.is_some_and(|locale| is_utf8(&locale)) {
        true => BOXES,
        false => ASCII,
    }
}

fn is_utf8(locale: &str) -> bool {
    let locale = locale.to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

/// How wide lines may be: a terminal's width; without one, as they are.
pub fn width() -> Option<usize> {
    terminal().map(|(width, _)| width)
}

/// Columns and lines of the terminal that stdout is; 0 lines where it does not say.
pub fn terminal() -> Option<(usize, usize)> {
    if !std::io::stdout().is_terminal() {
        return None;
    }
    let mut size = libc::winsize {
        ws_row: 0,
        ws_col: 0,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    // SAFETY: TIOCGWINSZ writes one winsize, which `size` is (ioctl_tty(2)).
    let told = unsafe { libc::ioctl(libc::STDOUT_FILENO, libc::TIOCGWINSZ, &raw mut size) };
    let (width, height) = (usize::from(size.ws_col), usize::from(size.ws_row));
    (told == 0 && width > 0).then_some((width, height))
}

/// The lines: each column as wide as its widest cell, numbers to the right, the last column as it is.
///
/// Cells hold what other people named their programs and files: a terminal gets no control characters
/// from them.
pub fn text<const N: usize>(head: [&str; N], rows: &[Row<N>], width: Option<usize>) -> String {
    let mut lines = vec![head.map(str::to_owned)];
    lines.extend(rows.iter().map(|row| row.clone().map(|cell| plain(&cell))));
    let mut widths = [0; N];
    let mut right = [true; N];
    for (at, line) in lines.iter().enumerate() {
        for (column, cell) in line.iter().enumerate() {
            widths[column] = widths[column].max(cell.chars().count());
            right[column] &= at == 0 || cell == "-" || is_number(cell);
        }
    }
    let mut all = String::new();
    for line in &lines {
        let mut whole = String::new();
        for (column, cell) in line.iter().enumerate() {
            let space = " ".repeat(widths[column] - cell.chars().count());
            match (column + 1 == N, right[column]) {
                (true, _) => whole.push_str(cell),
                (false, true) => whole.push_str(&format!("{space}{cell}  ")),
                (false, false) => whole.push_str(&format!("{cell}{space}  ")),
            }
        }
        let cut: String = whole.chars().take(width.unwrap_or(usize::MAX)).collect();
        all.push_str(cut.trim_end());
        all.push('\n');
    }
    all
}

/// Whether a cell is empty or a number, such as 12, 0.5 or 1.5M.
fn is_number(cell: &str) -> bool {
    let digits = cell.strip_suffix(['K', 'M', 'G', 'T', 'P']).unwrap_or(cell);
    digits
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// Text without control characters.
pub fn plain(text: &str) -> String {
    let mut made = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter.is_control() {
            true => made.extend(letter.escape_default()),
            false => made.push(letter),
        }
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns() {
        let row = |cells: [&str; 3]| cells.map(str::to_owned);
        let rows = [
            row(["net", "5", "sh -c \u{1b}[31m\nx"]),
            row(["cgroup", "-", ""]),
        ];
        let head = ["KIND", "PROCS", "COMMAND"];
        let whole = "KIND    PROCS  COMMAND\n\
                     net         5  sh -c \\u{1b}[31m\\nx\n\
                     cgroup      -\n";
        assert_eq!(text(head, &rows, None), whole);
        let cut = text(head, &rows, Some(18));
        assert_eq!(
            cut,
            "KIND    PROCS  COM\nnet         5  sh\ncgroup      -\n"
        );
    }

    #[test]
    fn locales() {
        assert!(is_utf8("C.UTF-8") && is_utf8("de_DE.utf8"));
        assert!(!is_utf8("C") && !is_utf8("de_DE.ISO-8859-1"));
    }
}
