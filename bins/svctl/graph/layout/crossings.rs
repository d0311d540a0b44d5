//! The order in each column: one in which few edges cross.

use common::base::sort::sort_by;

use super::Web;

/// How much is done at most, in vertices and edges that are looked at: some hundredths of a second.
const WORK: usize = 1_000_000;
/// How often it is tried at most: nothing becomes better after that.
const SWEEPS: usize = 24;
/// How many pairs of edges of two neighbours are compared at most.
const MOST_PAIRS: usize = 400;

/// Sorts the columns, to and fro, by the middles of their neighbours; the best order stays.
pub(super) fn reduce(web: &mut Web) {
    let size = web.column.len() + web.right.iter().map(Vec::len).sum::<usize>();
    let mut place = vec![0; web.column.len()];
    web.columns.iter().for_each(|column| number(column, &mut place));
    let (mut best, mut least) = (web.columns.clone(), crossings(web, &place));
    for sweep in 0..SWEEPS.min(WORK / size.max(1)).max(2) {
        if least == 0 {
            break;
        }
        if sweep % 2 == 0 {
            (1..web.columns.len()).for_each(|at| sort(&mut web.columns[at], &web.left, &mut place));
        } else {
            let all = (0..web.columns.len().saturating_sub(1)).rev();
            all.for_each(|at| sort(&mut web.columns[at], &web.right, &mut place));
        }
        let now = crossings(web, &place);
        if now < least {
            (best, least) = (web.columns.clone(), now);
        }
    }
    web.columns = best;
    web.columns.iter().for_each(|column| number(column, &mut place));
    for _ in 0..SWEEPS.min(WORK / size.max(1)) {
        if !exchange(web, &mut place) {
            break;
        }
    }
}

/// Exchanges neighbours whose edges cross less the other way round; whether there were any.
fn exchange(web: &mut Web, place: &mut [usize]) -> bool {
    let mut is_better = false;
    for at in 0..web.columns.len() {
        for upper in 1..web.columns[at].len() {
            let (above, below) = (web.columns[at][upper - 1], web.columns[at][upper]);
            let count = |one: usize, other: usize| {
                let sides = [&web.left, &web.right].into_iter();
                sides.map(|side| crossed(&side[one], &side[other], place)).sum::<usize>()
            };
            if count(below, above) < count(above, below) {
                web.columns[at].swap(upper - 1, upper);
                (place[above], place[below]) = (upper, upper - 1);
                is_better = true;
            }
        }
    }
    is_better
}

/// How many edges of the upper one of two neighbours cross those of the lower one.
fn crossed(upper: &[usize], lower: &[usize], place: &[usize]) -> usize {
    // What very many lead to is not worth the while.
    if upper.len().saturating_mul(lower.len()) > MOST_PAIRS {
        return 0;
    }
    let below = |above: usize| lower.iter().filter(|other| place[**other] < above).count();
    upper.iter().map(|above| below(place[*above])).sum()
}

fn number(column: &[usize], place: &mut [usize]) {
    column.iter().enumerate().for_each(|(at, vertex)| place[*vertex] = at);
}

/// Sorts a column by the middle of each one's neighbours on a side.
fn sort(column: &mut [usize], neighbours: &[Vec<usize>], place: &mut [usize]) {
    let mut keyed: Vec<(f64, usize)> = column
        .iter()
        .map(|vertex| {
            (middle(&neighbours[*vertex], place).unwrap_or(place[*vertex] as f64), *vertex)
        })
        .collect();
    sort_by(&mut keyed, |one, other| one.0.total_cmp(&other.0));
    column.iter_mut().zip(keyed).for_each(|(at, (_, vertex))| *at = vertex);
    number(column, place);
}

fn middle(neighbours: &[usize], place: &[usize]) -> Option<f64> {
    let mut places: Vec<usize> = neighbours.iter().map(|other| place[*other]).collect();
    places.sort_unstable();
    let half = places.len() / 2;
    Some(match places.len() {
        0 => return None,
        1 => places[0] as f64,
        length if length % 2 == 1 => places[half] as f64,
        _ => (places[half - 1] + places[half]) as f64 / 2.0,
    })
}

/// How many pairs of edges cross.
fn crossings(web: &Web, place: &[usize]) -> u64 {
    web.columns.iter().map(|column| between(web, column, place)).sum()
}

/// How many cross between a column and the next: how many pairs of right ends are in the wrong order.
fn between(web: &Web, column: &[usize], place: &[usize]) -> u64 {
    let mut ends = Vec::new();
    for vertex in column {
        let from = ends.len();
        ends.extend(web.right[*vertex].iter().map(|other| place[*other]));
        ends[from..].sort_unstable();
    }
    // A Fenwick tree of how many ends were seen at each place.
    let mut tree = vec![0_u64; ends.iter().max().map_or(0, |last| last + 2)];
    let mut count = 0;
    for (seen, end) in (0..).zip(ends) {
        let (mut before, mut at) = (0, end + 1);
        while at > 0 {
            before += tree[at];
            at &= at - 1;
        }
        count += seen - before;
        at = end + 1;
        while at < tree.len() {
            tree[at] += 1;
            at += at & at.wrapping_neg();
        }
    }
    count
}
