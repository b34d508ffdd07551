"""Every figure of report and notebooks: a question of analyses/, a sentence about its answer, and a plot or table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import altair
import duckdb
import polars

from tiktok_retrieval import plots, questions
from tiktok_retrieval.leaderboards import figure as number

Rows = polars.DataFrame
# A leaderboard of a sweep can have hundreds of rows: more are in the table, not in the plot
MOST_DRAWN = 40

OUTCOMES = {
    "found or passed": plots.BLUE,
    "nothing there": plots.SKY,
    "failed": plots.ORANGE,
    "not done": plots.PALE,
    "not known": plots.GREY,
    "excluded": plots.PEACH,
}
OUTCOME_OF = {
    "ok": "found or passed",
    "found": "found or passed",
    "kept": "found or passed",
    "nothing_found": "nothing there",
    "nothing_to_transcribe": "nothing there",
    "failed": "failed",
    "absent": "not done",
    "unknown": "not known",
    "excluded": "excluded",
}
STAGES = {
    "scrape": "scraped",
    "download": "downloaded",
    "cover": "cover read",
    "speech": "speech heard",
    "corpus": "in the corpus",
}
CATEGORIES = {
    "no_shared_term": plots.ORANGE,
    "target_lacks_terms": plots.PEACH,
    "drowned_by_common_terms": plots.BLUE,
    "long_document": plots.SKY,
    "outweighed": plots.PURPLE,
    "tie_lost": plots.TEAL,
    "beaten_by_near_duplicate": plots.GREEN,
    "not_in_the_collection": plots.PALE,
}
FIELDS = {
    "description": plots.BLUE,
    "comments": plots.ORANGE,
    "speech": plots.GREEN,
    "cover_text": plots.PURPLE,
    "captions": plots.OLIVE,
    "music_title": plots.ROSE,
    "creator": plots.TEAL,
    "title": plots.SKY,
    "text": plots.BLUE,
}
RANKS = {
    "rank 1": plots.BLUE,
    "2 to 3": plots.SKY,
    "4 to 10": plots.PALE,
    "below 10": plots.PEACH,
    "not found": plots.ORANGE,
}
VERDICTS = {"holds": plots.BLUE, "cannot be told": plots.GREY, "does not hold": plots.ORANGE}
# A difference by its direction and by whether its interval holds 0
CHANGES = {
    "gain": plots.BLUE,
    "gain, not sure": plots.SKY,
    "none": plots.PALE,
    "loss, not sure": plots.PEACH,
    "loss": plots.ORANGE,
}
CLOSENESS = {"best": plots.BLUE, "within .02 of it": plots.SKY, "within .1": plots.PALE, "further": plots.PEACH}
MEASURE_NAMES = {"reciprocal_rank": "mean reciprocal rank", "average_precision": "mean average precision"}
OTHERS_NOT_BUILT = "`dbt build --vars '{all_systems: true}'` builds the others."
SYSTEM_KINDS = {"system": plots.BLUE, "tuning procedure": plots.PURPLE}


@dataclass(frozen=True)
class Figure:
    """A question's answer made visible. `say` may put names between backticks; every number in it is from the rows."""

    name: str  # of its file in analyses/
    title: str
    say: Callable[[Rows], str]
    headings: Mapping[str, str]  # the table's columns in their order
    draw: Callable[[Rows, int], plots.Chart] | None = None
    word_columns: tuple[str, ...] = field(default=())  # what persons typed, wrote or said
    is_about_words: bool = False  # nothing is left of it without them
    when_empty: str = "There is nothing to show."

    def rows(self, connection: duckdb.DuckDBPyConnection) -> Rows:
        """Answer the question. Raises questions.NotBuiltError where the warehouse lacks what it reads."""
        return questions.answer(connection, self.name)

    def plot(self, connection: duckdb.DuckDBPyConnection, width: int = 720) -> plots.Chart:
        """Draw it from a warehouse."""
        return self.drawn(self.rows(connection), width)

    def drawn(self, rows: Rows, width: int = 720) -> plots.Chart:
        """Draw it from an answer that is there already."""
        if self.draw is None:
            raise ValueError(f"{self.name} is a table without a plot")
        if rows.is_empty():
            raise ValueError(f"{self.name}: {self.when_empty}")
        return self.draw(rows, width)

    def table(self, rows: Rows, *, with_words: bool = True) -> Rows:
        """Return the columns that its table shows, without persons' words unless they are wanted."""
        shown = [
            column
            for column in self.headings
            if column in rows.columns and (with_words or column not in self.word_columns)
        ]
        return rows.select(shown)


def ends(rows: Rows, *columns: str) -> tuple[float, float]:
    """Return the least and the greatest value of several columns."""
    known = [float(value) for column in columns for value in rows[column].drop_nulls()]
    return min(known), max(known)


def rounded_down(value: float) -> float:
    """Return where an axis begins: a tenth below, not less than nothing."""
    return max(0.0, int(10 * value - 0.2) / 10)


def percent(share: float | None) -> str:
    """Write a share as whole percents, and what is too small or nearly all as that."""
    if share is None:
        return "-"
    if 0 < share < 0.005:
        return "< 1 %"
    if 0.995 < share < 1:
        return "> 99 %"
    return f"{100 * share:.0f} %"


def counted(count: float, one: str, many: str | None = None) -> str:
    """Write a count with its noun."""
    return f"{count:,.0f} {one if count == 1 else many or one + 's'}"


def listed(parts: Sequence[str]) -> str:
    """Join parts as a sentence does."""
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1] if parts else ""


def readable(name: str) -> str:
    """Write a name of a table as words."""
    return name.replace("_", " ")


# --- The corpus -----------------------------------------------------------------------------------------------------


def say_collection(rows: Rows) -> str:
    (row,) = rows.to_dicts()
    queries = f"{counted(row['queries'], 'query', 'queries')} can be judged or run"
    if row["authors"]:
        queries += f", from {counted(row['authors'], 'author')}"
    queries += f"; {row['excluded_queries']:,} cannot, each with its reason."
    if not row["tiktoks"] and not row["excluded_tiktoks"]:
        return f"The collection has {counted(row['documents'], 'text')}. {queries}"
    return (
        f"{counted(row['tiktoks'] + row['excluded_tiktoks'], 'TikTok')} were scraped: {row['tiktoks']:,} from "
        f"{counted(row['creators'], 'creator')} are in the corpus, with {counted(row['comments'], 'comment')}; "
        f"{row['excluded_tiktoks']:,} are excluded, each with its reason, and "
        f"{counted(row['quarantined_records'], 'record')} could not be read. {queries}"
    )


def say_funnel(rows: Rows) -> str:
    passed = dict.fromkeys(STAGES, 0)
    for row in rows.to_dicts():
        if OUTCOME_OF.get(row["outcome"]) in ("found or passed", "nothing there", "not known"):
            passed[row["stage"]] += row["tiktoks"]
    scraped = int(rows.filter(polars.col("stage") == "scrape")["tiktoks"].sum())
    losses = {stage: scraped - passed[stage] for stage in ("download", "cover", "speech")}
    worst = max(losses, key=lambda stage: (losses[stage], stage))
    kept = passed["corpus"]
    sentence = f"Of {counted(scraped, 'scraped TikTok')}, {kept:,} ({percent(kept / scraped)}) are in the corpus."
    if losses[worst]:
        sentence += f" Most are lost at the stage '{STAGES[worst]}': {losses[worst]:,} did not pass it."
    return sentence + " A cover without text and a clip without speech have passed: somebody looked."


def draw_funnel(rows: Rows, width: int) -> plots.Chart:
    shown = (
        rows.with_columns(
            polars.col("stage").replace_strict(STAGES).alias("name"),
            polars.col("outcome").replace_strict(OUTCOME_OF, default="not done").alias("kind"),
        )
        .group_by("stage_number", "name", "kind", maintain_order=True)
        .agg(polars.col("tiktoks").sum().alias("value"))
        .sort("stage_number", maintain_order=True)
    )
    order = shown["name"].unique(maintain_order=True).to_list()
    return plots.stacked_bars(shown, width, title="TikToks", order=order, kinds=OUTCOMES)


def say_hosts(rows: Rows) -> str:
    linked = rows.filter(~polars.col("host").is_in(["no link", "blob"]))
    speech = linked.filter(polars.col("stage") == "speech").sort(
        "share", "host_size", "host", descending=[False, True, False]
    )
    hosts = linked["host"].n_unique()
    sentence = f"Videos came from {counted(hosts, 'host')}."
    if speech.is_empty() or hosts < 2:
        return sentence
    first, last = speech.row(0, named=True), speech.row(-1, named=True)
    return (
        f"{sentence} A transcript, or the knowledge that nothing is said, exists for {percent(first['share'])} of the "
        f"{first['tiktoks']:,} from `{first['host']}` and for {percent(last['share'])} of the {last['tiktoks']:,} from "
        f"`{last['host']}`: what is in the corpus is no random choice of what was scraped."
    )


def draw_hosts(rows: Rows, width: int) -> plots.Chart:
    kinds = {
        "all": plots.BLUE,
        "most": plots.SKY,
        "less than half": plots.PEACH,
        "none": plots.ORANGE,
    }

    def kind(share: float) -> str:
        return "all" if share == 1 else "none" if share == 0 else "most" if share >= 0.5 else "less than half"

    room = 250 if width >= plots.NARROW else 130
    hosts = rows["host"].unique(maintain_order=True).to_list()[:MOST_DRAWN]
    shown = rows.filter(polars.col("host").is_in(hosts)).select(
        polars.col("host").replace_strict(plots.short_names(hosts, room)).alias("name"),
        polars.col("stage").alias("column"),
        polars.col("share").map_elements(kind, return_dtype=polars.String).alias("kind"),
        polars.col("passed").map_elements(lambda count: f"{count:,}", return_dtype=polars.String).alias("label"),
    )
    order = shown["name"].unique(maintain_order=True).to_list()
    return plots.cells(shown, width, columns=list(STAGES), order=order, kinds=kinds, dark_kinds=("all", "none"))


def say_exclusions(rows: Rows) -> str:
    total = int(rows["tiktoks"].sum())
    first = rows.row(0, named=True)
    return (
        f"{counted(total, 'TikTok')} are excluded, each for one reason, the first that applies; "
        f"{percent(first['tiktoks'] / total)} of them for `{first['reason']}`."
    )


def draw_counts(name: str, value: str) -> Callable[[Rows, int], plots.Chart]:
    """Return a plot of counts: a bar for each row."""

    def draw(rows: Rows, width: int) -> plots.Chart:
        shown = rows.head(MOST_DRAWN).select(
            polars.col(name).str.replace_all("_", " ").alias("name"),
            polars.col(value).alias("value"),
            polars.col(value).map_elements(lambda count: f"{count:,}", return_dtype=polars.String).alias("label"),
        )
        return plots.bars(shown, width)

    return draw


def say_sources(rows: Rows) -> str:
    longest = rows.sort("mean_words", descending=True).row(0, named=True)
    total = float(rows["mean_words"].sum())
    rare = rows.filter(polars.col("share") < 0.9).sort("share")
    sentence = (
        f"A document has {total:,.0f} words on the average, {percent(longest['mean_words'] / total)} of them from "
        f"`{longest['field']}`."
    )
    if not rare.is_empty():
        parts = [f"`{row['field']}` ({percent(row['share'])})" for row in rare.to_dicts()]
        sentence += f" Not every document has {listed(parts)}."
    return sentence


def draw_sources(rows: Rows, width: int) -> plots.Chart:
    shown = rows.sort("mean_words", "field", descending=[True, False]).select(
        polars.col("field").str.replace_all("_", " ").alias("name"),
        polars.col("mean_words").alias("value"),
        polars.struct("mean_words", "share")
        .map_elements(lambda row: f"{row['mean_words']:,.1f} in {percent(row['share'])}", return_dtype=polars.String)
        .alias("label"),
    )
    return plots.bars(shown, width)


def say_months(rows: Rows) -> str:
    most = rows.sort("tiktoks", "posted_month", descending=[True, False]).row(0, named=True)
    first, last = rows["posted_month"][0], rows["posted_month"][-1]
    return (
        f"They were posted between {first:%B %Y} and {last:%B %Y}, most "
        f"({most['tiktoks']:,}) in {most['posted_month']:%B %Y}. The time is the one in each TikTok's id."
    )


def draw_months(rows: Rows, width: int) -> plots.Chart:
    chart = (
        altair.Chart(rows)
        .mark_bar(color=plots.BLUE, cornerRadiusEnd=2)
        .encode(
            x=altair.X(
                "yearmonth(posted_month):T",
                title=None,
                axis=altair.Axis(grid=False, labelAngle=0, tickCount=4 if width < plots.NARROW else 8, format="%b %Y"),
            ),
            y=altair.Y("tiktoks:Q", title="TikToks", axis=altair.Axis(tickCount=4)),
        )
    )
    return plots.finished(chart, width, 180)


def say_indexes(rows: Rows) -> str:
    least = rows.sort("vocabulary_size").row(0, named=True)
    most = rows.sort("vocabulary_size").row(-1, named=True)
    postings, seconds = int(rows["posting_count"].sum()), rows["build_seconds"].sum()
    sentence = (
        f"{counted(len(rows), 'index', 'indexes')} over {counted(least['document_count'], 'document')} hold "
        f"{counted(postings, 'posting')}; vocabularies reach from {least['vocabulary_size']:,} "
        f"(`{least['tokenizer_id']}`) to {most['vocabulary_size']:,} terms (`{most['tokenizer_id']}`)."
    )
    if seconds:
        sentence += f" All of them took {seconds:.1f} seconds to build."
    return sentence


def draw_indexes(rows: Rows, width: int) -> plots.Chart:
    named = rows.with_columns(
        polars.when(polars.col("tokenizer_id").is_duplicated())
        .then(polars.format("{} ({})", "tokenizer_id", "index_id"))
        .otherwise(polars.col("tokenizer_id"))
        .alias("name")
    ).sort("posting_count", "name", descending=[True, False])
    shown = named.head(MOST_DRAWN).select(
        "name",
        polars.col("posting_count").alias("value"),
        polars.col("posting_count").map_elements(lambda count: f"{count:,}", return_dtype=polars.String).alias("label"),
    )
    return plots.bars(shown, width)


# --- What retrieves best --------------------------------------------------------------------------------------------


def say_leaderboard(rows: Rows) -> str:
    systems = rows.filter(polars.col("entry_kind") == "system")
    best = systems.row(0, named=True)
    measure = MEASURE_NAMES[best["leading_metric"]]
    low, high = best["leading_value_ci_low"], best["leading_value_ci_high"]
    sure = f" (95 % interval {number(low)} to {number(high)})" if low is not None else ""
    sentence = (
        f"`{best['entry_id']}` leads with a {measure} of {number(best['leading_value'])}{sure} over "
        f"{counted(best['query_count'], 'query', 'queries')}; {percent(best['success_at_1'])} of them have their "
        f"target on rank 1, {percent(best['success_at_8'])} among the first eight."
    )
    if low is not None and len(systems) > 1:
        rest = systems.slice(1)
        within = len(rest.filter(polars.col("leading_value_ci_high") >= low))
        sentence += f" The intervals of {within:,} of the other {counted(len(rest), 'system')} reach into that one's."
    tuned = rows.filter(polars.col("value_out_of_sample").is_not_null())
    if not tuned.is_empty():
        row = tuned.sort("value_out_of_sample", "position", descending=[True, False]).row(0, named=True)
        sentence += (
            f" That figure is in sample. Judged only on queries that it was not chosen on, the best tuning procedure "
            f"(`{row['entry_id']}`) reaches {number(row['value_out_of_sample'])}."
        )
    return sentence


def draw_leaderboard(rows: Rows, width: int) -> plots.Chart:
    shown = rows.head(MOST_DRAWN).select(
        polars.when(polars.col("entry_kind") == "system")
        .then(polars.col("entry_id"))
        .otherwise(polars.format("{} (tuned)", "entry_id"))
        .alias("name"),
        polars.col("leading_value").alias("value"),
        polars.col("leading_value_ci_low").alias("low"),
        polars.col("leading_value_ci_high").alias("high"),
        polars.col("entry_kind").alias("kind"),
        "value_out_of_sample",
    )
    least, most = ends(shown, "low", "value", "high", "value_out_of_sample")
    title = MEASURE_NAMES[rows["leading_metric"][0]].capitalize()
    return plots.intervals(
        shown,
        width,
        title=f"{title}; diamond: out of sample",
        domain=(rounded_down(least), min(1.0, most + 0.02)),
        kinds=SYSTEM_KINDS,
        second=("value_out_of_sample", plots.ORANGE),
    )


def say_success(rows: Rows) -> str:
    best = rows.filter(polars.col("part") == "best")
    first, last = best.row(0, named=True), best.row(-1, named=True)
    sentence = (
        f"`{first['system_id']}` has a target on rank {first['cutoff']} for {percent(first['value'])} of the queries "
        f"and among the first {last['cutoff']} for {percent(last['value'])}"
    )
    baseline = rows.filter(polars.col("part") == "baseline")
    if not baseline.is_empty():
        other, values = baseline["system_id"][0], baseline["value"]
        sentence += f"; the baseline `{other}` for {percent(values[0])} and {percent(values[-1])}"
    return sentence + ". The bands are 95 % intervals."


def draw_success(rows: Rows, width: int) -> plots.Chart:
    kinds = {"best": plots.BLUE, "baseline": plots.ORANGE, "other": plots.GREY}
    drawn = rows["position"].unique().sort()[:MOST_DRAWN].to_list()
    shown = rows.filter(polars.col("position").is_in(drawn))
    base = altair.Chart(shown)
    x = altair.X(
        "cutoff:Q",
        title="First N results",
        axis=altair.Axis(values=shown["cutoff"].unique().sort().to_list(), grid=False),
    )
    lower = rounded_down(ends(shown, "value", "ci_low")[0])
    scale = altair.Scale(domain=[lower, 1.0], nice=False)
    y = altair.Y("value:Q", title="Share of queries", scale=scale, axis=altair.Axis(format="%", tickCount=6))
    legend = plots.legend(kinds, shown["part"], width - 60)
    colour = altair.Color("part:N", scale=plots.colours(kinds, shown["part"]), legend=legend)
    named = base.transform_filter("datum.part != 'other'")
    layers = altair.layer(
        named.transform_filter("isValid(datum.ci_low)")
        .mark_area(opacity=0.16)
        .encode(x=x, y=altair.Y("ci_low:Q", scale=scale), y2="ci_high:Q", color=colour, detail="system_id:N"),
        base.transform_filter("datum.part == 'other'")
        .mark_line(strokeWidth=1, opacity=0.7)
        .encode(x=x, y=y, color=colour, detail="system_id:N"),
        named.mark_line(strokeWidth=2.5, point={"size": 50}).encode(x=x, y=y, color=colour, detail="system_id:N"),
    )
    return plots.finished(layers, width, 300)


def say_differences(rows: Rows) -> str:
    baseline = rows["baseline_id"][0]
    better = rows.filter((polars.col("p_adjusted") < 0.05) & (polars.col("difference") > 0))
    worse = rows.filter((polars.col("p_adjusted") < 0.05) & (polars.col("difference") < 0))
    sentence = (
        f"Against the baseline `{baseline}`, {len(better):,} of {counted(len(rows), 'system')} are better and "
        f"{len(worse):,} worse beyond chance, by a randomisation test corrected for all of them."
    )
    first = rows.row(0, named=True)
    if first["p_adjusted"] is not None:
        sentence += (
            f" `{first['system_id']}` gains {number(first['difference'])} (corrected p = "
            f"{number(first['p_adjusted'])}): it wins on {counted(first['wins'], 'query', 'queries')}, loses on "
            f"{first['losses']:,} and draws on {first['ties']:,}."
        )
    detectable = rows["detectable_difference"].drop_nulls().sort()
    if len(detectable):
        middle = number(float(detectable[len(detectable) // 2]))
        sentence += f" A true difference below about {middle} would often go unseen with these queries."
    return sentence


def difference_intervals(shown: Rows, width: int, metric: str, kinds: dict[str, str]) -> plots.Chart:
    """Draw intervals of differences with 0 in sight, because whether they hold it is the question."""
    least, most = ends(shown, "value", "low", "high")
    least, most = min(least, 0.0), max(most, 0.0)
    margin = max(0.02, 0.06 * (most - least))
    return plots.intervals(
        shown,
        width,
        title=f"Difference in {MEASURE_NAMES[metric]}",
        domain=(least - margin, most + margin),
        kinds=kinds,
        origin=0.0,
    )


def draw_differences(rows: Rows, width: int) -> plots.Chart:
    kinds = {"beyond chance": plots.BLUE, "may be chance": plots.GREY}
    shown = rows.head(MOST_DRAWN).select(
        polars.col("system_id").alias("name"),
        polars.col("difference").alias("value"),
        polars.col("ci_low").alias("low"),
        polars.col("ci_high").alias("high"),
        polars.when(polars.col("p_adjusted") < 0.05)
        .then(polars.lit("beyond chance"))
        .otherwise(polars.lit("may be chance"))
        .alias("kind"),
    )
    return difference_intervals(shown, width, rows["metric"][0], kinds)


def say_tuning(rows: Rows) -> str:
    parts = []
    for row in rows.to_dicts():
        parts.append(
            f"`{row['procedure_id']}` falls from {number(row['value_in_sample'])} in sample to "
            f"{number(row['value_out_of_sample'])} out of sample ({counted(row['systems_chosen'], 'setting')} chosen "
            f"over {counted(row['folds'], 'fold')})"
            if row["value_out_of_sample"] < row["value_in_sample"]
            else f"`{row['procedure_id']}` keeps its {number(row['value_out_of_sample'])} out of sample"
        )
    return "; ".join(parts) + "."


def draw_tuning(rows: Rows, width: int) -> plots.Chart:
    shown = rows.select(
        polars.col("procedure_id").alias("name"),
        polars.col("value_in_sample").alias("value"),
        polars.col("ci_low").alias("low"),
        polars.col("ci_high").alias("high"),
        polars.lit("in sample").alias("kind"),
        "value_out_of_sample",
    )
    least, most = ends(shown, "value", "low", "high", "value_out_of_sample")
    return plots.intervals(
        shown,
        width,
        title=f"{MEASURE_NAMES[rows['leading_metric'][0]].capitalize()} in sample; diamond: out of sample",
        domain=(max(0.0, least - 0.05), min(1.0, most + 0.03)),
        kinds={"in sample": plots.PURPLE},
        second=("value_out_of_sample", plots.ORANGE),
    )


def say_score_fields(rows: Rows) -> str:
    best = rows.filter(polars.col("position") == rows["position"].min()).sort("share", descending=True)
    parts = [f"`{row['field']}` ({percent(row['share'])})" for row in best.head(3).to_dicts()]
    return (
        f"Under `{best['system_id'][0]}` the targets among the top results owe most of their scores to "
        f"{listed(parts)}. "
        "A field that brings much need not be one that tells documents apart: that is what leaving it out shows."
    )


def draw_score_fields(rows: Rows, width: int) -> plots.Chart:
    positions = rows["position"].unique().sort()[:MOST_DRAWN]
    shown = rows.filter(polars.col("position").is_in(positions.to_list())).select(
        "position", polars.col("system_id").alias("name"), field_kind(), polars.col("share").alias("value")
    )
    summed = shown.group_by("position", "name", "kind", maintain_order=True).agg(polars.col("value").sum())
    order = summed.sort("position")["name"].unique(maintain_order=True).to_list()
    return plots.stacked_bars(
        summed, width, title="Share of the targets' scores", order=order, kinds=FIELDS, format_of_axis="%"
    )


def field_kind() -> polars.Expr:
    """Return the field under the name that the colours know: both names of a creator are one."""
    is_creator = polars.col("field").str.starts_with("creator_")
    return polars.when(is_creator).then(polars.lit("creator")).otherwise(polars.col("field")).alias("kind")


# --- Queries --------------------------------------------------------------------------------------------------------


def rank_kind(rank: int | None) -> str:
    """Name the class of a rank."""
    if rank is None:
        return "not found"
    return "rank 1" if rank == 1 else "2 to 3" if rank <= 3 else "4 to 10" if rank <= 10 else "below 10"


def say_difficulty(rows: Rows) -> str:
    queries = rows.unique("query_id", maintain_order=True)
    systems = rows["system_id"].n_unique()
    easy = len(queries.filter(polars.col("systems_with_rank_1") == systems))
    hard = len(queries.filter(polars.col("systems_with_rank_1") == 0))
    return (
        f"Of {counted(len(queries), 'query', 'queries')}, {easy:,} have their target on rank 1 under every system and "
        f"{hard:,} under none. Systems differ only on the {len(queries) - easy - hard:,} in between. "
        "Drawn are the hardest of those that some system misses; a column is a system, by its place on the leaderboard."
    )


def draw_difficulty(rows: Rows, width: int) -> plots.Chart:
    systems = rows["position"].unique().sort()[:14].to_list()
    room = 250 if width >= plots.NARROW else 120
    differing = rows.filter(polars.col("systems_with_rank_1") < rows["system_id"].n_unique())
    chosen = rows if differing.is_empty() else differing
    hardest = chosen.filter((polars.col("hardness") <= MOST_DRAWN) & polars.col("position").is_in(systems))
    text = polars.col("query_text") if "query_text" in rows.columns else polars.format("query {}", "query_id")
    texts = hardest.select("query_id", text.alias("text")).unique("query_id", maintain_order=True)
    repeated = texts["text"].is_duplicated()
    names = [
        f"{shown} ({query})" if twice else shown
        for query, shown, twice in zip(texts["query_id"], texts["text"], repeated, strict=True)
    ]
    short = plots.short_names(names, room)
    name_of = {query: short[name] for query, name in zip(texts["query_id"], names, strict=True)}
    shown = hardest.select(
        polars.col("query_id").replace_strict(name_of).alias("name"),
        polars.col("position").cast(polars.String).alias("column"),
        polars.col("target_rank").map_elements(rank_kind, return_dtype=polars.String, skip_nulls=False).alias("kind"),
        polars.col("target_rank")
        .map_elements(
            lambda rank: "-" if rank is None else f"{rank}" if rank < 100 else "99+",
            return_dtype=polars.String,
            skip_nulls=False,
        )
        .alias("label"),
    )
    return plots.cells(
        shown,
        width,
        columns=[str(position) for position in systems],
        order=shown["name"].unique(maintain_order=True).to_list(),
        kinds=RANKS,
        dark_kinds=("rank 1", "not found"),
        height_of_row=20,
    )


def say_lengths(rows: Rows) -> str:
    queries = int(rows["queries"].sum())
    short = rows.filter(polars.col("words") <= 5)
    mean = sum(row["words"] * row["queries"] for row in rows.to_dicts()) / queries
    return (
        f"The {counted(queries, 'judged query', 'judged queries')} have {mean:.1f} words on the average; "
        f"{percent(int(short['queries'].sum()) / queries)} have five or fewer."
    )


def draw_lengths(rows: Rows, width: int) -> plots.Chart:
    kinds = {"target on rank 1": plots.BLUE, "further down": plots.PALE}
    shown = polars.concat(
        [
            rows.select(
                "words",
                polars.lit("target on rank 1").alias("kind"),
                polars.col("found_first").alias("value"),
                polars.lit(0).alias("n"),
            ),
            rows.select(
                "words",
                polars.lit("further down").alias("kind"),
                (polars.col("queries") - polars.col("found_first")).alias("value"),
                polars.lit(1).alias("n"),
            ),
        ]
    ).with_columns(
        polars.when(polars.col("words") == 10)
        .then(polars.lit("10+"))
        .otherwise(polars.col("words").cast(polars.String))
        .alias("label")
    )
    order = shown.sort("words")["label"].unique(maintain_order=True).to_list()
    legend = plots.legend(kinds, kinds, width - 60)
    chart = (
        altair.Chart(shown)
        .mark_bar(stroke=plots.SURFACE, strokeWidth=1)
        .encode(
            x=altair.X("label:O", sort=order, title="Words in the query", axis=altair.Axis(labelAngle=0, grid=False)),
            y=altair.Y("value:Q", title="Queries", axis=altair.Axis(tickMinStep=1, tickCount=5)),
            color=altair.Color("kind:N", scale=plots.colours(kinds, kinds), legend=legend),
            order=altair.Order("n:Q"),
        )
    )
    return plots.finished(chart, width, 200)


def say_failures(rows: Rows) -> str:
    best = rows.filter(polars.col("position") == rows["position"].min()).sort("failures", descending=True)
    total = int(best["failures"].sum())
    parts = [f"{row['failures']:,} `{row['category']}`" for row in best.to_dicts()]
    return (
        f"`{best['system_id'][0]}` does not have the target first for {counted(total, 'query', 'queries')}: "
        f"{listed(parts)}. "
        "Each miss has one reason, the first that applies."
    )


def draw_failures(rows: Rows, width: int) -> plots.Chart:
    positions = rows["position"].unique().sort()[:MOST_DRAWN]
    shown = rows.filter(polars.col("position").is_in(positions.to_list())).select(
        "position",
        polars.col("system_id").alias("name"),
        polars.col("category").str.replace_all("_", " ").alias("kind"),
        polars.col("failures").alias("value"),
    )
    order = shown.sort("position")["name"].unique(maintain_order=True).to_list()
    kinds = {readable(category): paint for category, paint in CATEGORIES.items()}
    return plots.stacked_bars(shown, width, title="Queries whose target is not first", order=order, kinds=kinds)


def say_misses(rows: Rows) -> str:
    near = len(rows.filter(polars.col("target_rank") <= 3))
    lost = len(rows.filter(polars.col("target_rank").is_null()))
    return (
        f"`{rows['system_id'][0]}` misses rank 1 on {counted(len(rows), 'query', 'queries')}: {near:,} have their "
        f"target on rank 2 or 3, {lost:,} nowhere. The table names the rival on rank 1, and how many of the query's "
        "terms the target has."
    )


def say_duplicates(rows: Rows) -> str:
    best = rows.row(0, named=True)
    changed = len(rows.filter(polars.col("changed_query_count") > 0))
    return (
        f"With near-duplicates as good as the target itself, the mean reciprocal rank of `{best['system_id']}` would "
        f"be {number(best['value_with_groups'])} instead of {number(best['value'])}. "
        f"For {changed:,} of {counted(len(rows), 'system')} at least one query would change."
    )


def say_explained(rows: Rows) -> str:
    queries = rows["query_id"].n_unique()
    return (
        f"{counted(queries, 'query', 'queries')} under `{rows['system_id'][0]}`, near misses first. The parts of a "
        "document's bar add up to its score; the table has the terms."
    )


def draw_explained(rows: Rows, width: int) -> plots.Chart:
    narrow = width < plots.NARROW
    shown = rows.with_columns(field_kind(), (polars.col("target_rank") == 1).alias("is_first")).select(
        polars.concat_str(
            polars.lit("\N{LEFT DOUBLE QUOTATION MARK}"),
            polars.col("query_text").str.slice(0, 24 if narrow else 32),
            polars.lit("\N{RIGHT DOUBLE QUOTATION MARK}: "),
            polars.when(polars.col("is_first"))
            .then(polars.lit("target, rank 1"))
            .when(polars.col("part") == "target")
            .then(polars.format("target, rank {}", "rank"))
            .otherwise(polars.lit("rival, rank 1")),
        ).alias("name"),
        "kind",
        polars.col("contribution").alias("value"),
    )
    summed = shown.group_by("name", "kind", maintain_order=True).agg(polars.col("value").sum())
    order = shown["name"].unique(maintain_order=True).to_list()
    return plots.stacked_bars(summed, width, title="Score, by the field it comes from", order=order, kinds=FIELDS)


def say_groups(rows: Rows) -> str:
    compared = rows.filter((polars.col("axis") != "author") & polars.col("difference_ci_low").is_not_null())
    apart = compared.filter((polars.col("difference_ci_low") > 0) | (polars.col("difference_ci_high") < 0))
    sentence = (
        f"Under `{rows['system_id'][0]}`, {len(apart):,} of {counted(len(compared), 'group')} by attribute or length "
        "differ from the other queries by more than their interval"
    )
    if not apart.is_empty():
        parts = [
            f"{row['query_group']} ({'+' if row['difference'] > 0 else '-'}{number(abs(row['difference']))})"
            for row in apart.to_dicts()
        ]
        sentence += f": {listed(parts)}"
    authors = rows.filter(polars.col("axis") == "author")
    if not authors.is_empty():
        least, most = ends(authors, "value")
        sentence += f". Means of single authors reach from {number(least)} to {number(most)}"
    return sentence + ". None of this is corrected for looking so often: it shows where to look, not what is so."


def draw_groups(rows: Rows, width: int) -> plots.Chart:
    kinds = {"query length": plots.GREEN, "query attribute": plots.BLUE, "author": plots.PURPLE}
    shown = rows.head(2 * MOST_DRAWN).select(
        polars.format("{} ({})", "query_group", "query_count").alias("name"),
        "value",
        polars.col("ci_low").alias("low"),
        polars.col("ci_high").alias("high"),
        polars.col("axis").alias("kind"),
    )
    least, most = ends(shown, "low", "value", "high")
    title = f"{MEASURE_NAMES[rows['metric'][0]].capitalize()}; in brackets: queries"
    return plots.intervals(shown, width, title=title, domain=(rounded_down(least), min(1.0, most + 0.02)), kinds=kinds)


def say_ablated(rows: Rows) -> str:
    apart = rows.filter((polars.col("difference_ci_low") > 0) | (polars.col("difference_ci_high") < 0))
    worst = rows.sort("difference", "variant").row(0, named=True)
    best = rows.sort("difference", "variant", descending=[True, False]).row(0, named=True)
    gain = (
        f"The greatest gain is {number(best['difference'])} (`{best['variant']}`)."
        if best["difference"] > 0
        else "None of them gains anything."
    )
    return (
        f"Against `{best['reference_system_id']}`, {len(apart):,} of {counted(len(rows), 'variant')} differ by more "
        f"than their interval. The greatest loss is {number(-worst['difference'])} (`{worst['variant']}`). {gain} "
        "Many comparisons, none of them corrected."
    )


def draw_ablated(rows: Rows, width: int) -> plots.Chart:
    kinds = {"field": plots.BLUE, "tokenizer": plots.GREEN, "comments": plots.ORANGE}
    shown = rows.head(2 * MOST_DRAWN).select(
        polars.when(polars.col("axis") == "comments")
        .then(polars.format("comments: {}", "variant"))
        .otherwise(polars.col("variant"))
        .alias("name"),
        polars.col("difference").alias("value"),
        polars.col("difference_ci_low").alias("low"),
        polars.col("difference_ci_high").alias("high"),
        polars.col("axis").alias("kind"),
    )
    return difference_intervals(shown, width, rows["metric"][0], kinds)


def change_kind(row: dict[str, Any]) -> str:
    """Name the class of a difference with its interval."""
    difference = round(row["difference"], 9)
    if not difference:
        return "none"
    low, high = row["difference_ci_low"], row["difference_ci_high"]
    direction = "gain" if difference > 0 else "loss"
    return direction if low is not None and (low > 0 or high < 0) else f"{direction}, not sure"


def draw_means(rows: Rows, width: int, name: str, column: str, value: str, columns: Iterable[str]) -> plots.Chart:
    """Draw a cell for each mean, lines and columns in the order given, in a colour for its distance from the best."""
    kind = closeness(ends(rows, value)[1])
    shown = rows.select(
        polars.col(name).alias("name"),
        polars.col(column).alias("column"),
        polars.col(value).map_elements(kind, return_dtype=polars.String).alias("kind"),
        polars.col(value).map_elements(number, return_dtype=polars.String).alias("label"),
    )
    return plots.cells(
        shown,
        width,
        columns=list(columns),
        order=shown["name"].unique(maintain_order=True).to_list(),
        kinds=CLOSENESS,
        dark_kinds=("best",),
    )


def closeness(best: float) -> Callable[[float], str]:
    """Return what names the class of a mean by its distance from the best."""

    def kind(value: float) -> str:
        gap = best - value
        return "best" if gap < 1e-9 else "within .02 of it" if gap <= 0.02 else "within .1" if gap <= 0.1 else "further"

    return kind


def say_ablated_fields(rows: Rows) -> str:
    without = rows.filter(polars.col("way") == "without it").sort("difference", "field")
    alone = rows.filter(polars.col("way") == "alone").sort("value", "field", descending=[True, False])
    sentences = []
    if not without.is_empty():
        first = without.row(0, named=True)
        lost = without.filter(polars.col("difference_ci_high") < 0)
        sentences.append(
            f"Compared with `{first['reference_system_id']}`, which reads every field, "
            f"{len(lost):,} of {counted(len(without), 'field')} cannot be left out without a loss beyond its interval; "
            f"least remains without {first['field']} ({signed(first['difference'])})."
        )
    if not alone.is_empty():
        first = alone.row(0, named=True)
        sentences.append(
            f"Alone, most is reached with {first['field']}: {number(first['value'])} of the "
            f"{number(first['reference_value'])} that all reach together."
        )
    if without.is_empty():
        sentences.append(OTHERS_NOT_BUILT)
    return " ".join(sentences)


def signed(difference: float) -> str:
    """Write a difference with its sign."""
    if not round(difference, 9):
        return number(0.0)
    return f"{'+' if difference > 0 else '-'}{number(abs(difference))}"


def draw_ablated_fields(rows: Rows, width: int) -> plots.Chart:
    def label(row: dict[str, float]) -> str:
        difference = signed(row["difference"])
        return difference if width < plots.NARROW else f"{number(row['value'])}  ({difference})"

    shown = rows.select(
        polars.col("field").alias("name"),
        polars.col("way").alias("column"),
        polars.struct("difference", "difference_ci_low", "difference_ci_high")
        .map_elements(change_kind, return_dtype=polars.String)
        .alias("kind"),
        polars.struct("value", "difference").map_elements(label, return_dtype=polars.String).alias("label"),
    )
    return plots.cells(
        shown,
        width,
        columns=["without it", "alone"],
        order=shown["name"].unique(maintain_order=True).to_list(),
        kinds=CHANGES,
        dark_kinds=("gain", "loss"),
    )


def say_tokenizers(rows: Rows) -> str:
    best = rows.row(0, named=True)
    means = rows.group_by("tokenizer_id").agg(polars.col("value").max(), polars.col("ranker_id").n_unique())
    last = means.sort("value", "tokenizer_id").row(0, named=True)
    return (
        f"Of {counted(len(rows), 'pair')} of {counted(len(means), 'tokenizer')} and "
        f"{counted(rows['ranker_id'].n_unique(), 'ranking function')} that are built, `{best['tokenizer_id']}` under "
        f"`{best['ranker_id']}` does best ({number(best['value'])}). The tokenizer that does worst even with its best "
        f"function is `{last['tokenizer_id']}` ({number(last['value'])}). An empty cell is a system that is not built."
    )


def draw_tokenizers(rows: Rows, width: int) -> plots.Chart:
    return draw_means(rows, width, "tokenizer_id", "ranker_id", "value", rows["ranker_id"].unique(maintain_order=True))


def comments_name(count: int | None) -> str:
    """Name a number of comments that an index reads."""
    return "all" if count is None else "none" if count == 0 else f"{count:,}"


def say_comments(rows: Rows) -> str:
    measure = MEASURE_NAMES[rows["metric"][0]]
    last = rows.row(-1, named=True)
    if len(rows) == 1:
        return (
            f"With every comment (a TikTok has up to {last['most_comments']:,}) the {measure} is "
            f"{number(last['value'])}. {OTHERS_NOT_BUILT}"
        )
    first = rows.row(0, named=True)
    best = rows.sort("value", maintain_order=True, descending=True).row(0, named=True)
    return (
        f"The {measure} is {number(first['value'])} with {comments_name(first['comments_read'])} of the comments and "
        f"{number(last['value'])} with {comments_name(last['comments_read'])} (a TikTok has up to "
        f"{last['most_comments']:,}); it is highest with {comments_name(best['comments_read'])} "
        f"({number(best['value'])}). The bars are 95 % intervals of the means, not of the differences between "
        "them."
    )


def draw_comments(rows: Rows, width: int) -> plots.Chart:
    shown = rows.with_columns(
        polars.col("comments_read")
        .map_elements(comments_name, return_dtype=polars.String, skip_nulls=False)
        .alias("comments")
    )
    least, most = ends(shown, "ci_low", "value", "ci_high")
    scale = altair.Scale(domain=[rounded_down(least), min(1.0, most + 0.02)], nice=False, zero=False)
    x = altair.X(
        "comments:O",
        sort=shown["comments"].to_list(),
        title="Comments indexed of each TikTok",
        axis=altair.Axis(labelAngle=0, grid=False),
    )
    title = MEASURE_NAMES[rows["metric"][0]].capitalize()
    y = altair.Y("value:Q", title=title, scale=scale, axis=altair.Axis(tickCount=5, format="~g"))
    base = altair.Chart(shown)
    known = base.transform_filter("isValid(datum.ci_low) && isValid(datum.ci_high)")
    layers = altair.layer(
        known.mark_rule(color=plots.SKY, strokeWidth=3).encode(
            x=x, y=altair.Y("ci_low:Q", scale=scale, title=title), y2="ci_high:Q"
        ),
        base.mark_line(color=plots.BLUE, strokeWidth=2).encode(x=x, y=y),
        base.mark_point(color=plots.BLUE, filled=True, size=75, opacity=1).encode(x=x, y=y),
    )
    return plots.finished(layers, width, 240)


def say_hardest(rows: Rows) -> str:
    never = len(rows.filter(polars.col("systems_with_rank_1") == 0))
    first = rows.row(0, named=True)
    reasons = rows["most_frequent_reason"].drop_nulls().value_counts(sort=True, name="queries").to_dicts()
    sentence = (
        f"{counted(never, 'query has', 'queries have')} the target on rank 1 under none of "
        f"{counted(first['systems'], 'default system')}."
    )
    if reasons:
        most = max(reasons, key=lambda row: (row["queries"], row["most_frequent_reason"]))
        sentence += f" The most frequent reason of a miss is `{most['most_frequent_reason']}`."
    return sentence


# --- Texts ----------------------------------------------------------------------------------------------------------


def say_zipf(rows: Rows) -> str:
    last = rows.row(-1, named=True)
    return (
        f"The most frequent word makes {percent(rows['share_so_far'][0])} of the text, the first "
        f"{last['frequency_rank']:,} make {percent(last['share_so_far'])}. The frequency falls with the rank to the "
        f"power of {number(last['zipf_exponent'], 2)}; under Zipf's law that would be one."
    )


def draw_zipf(rows: Rows, width: int) -> plots.Chart:
    base = altair.Chart(rows.select("frequency_rank", "collection_frequency"))
    x = altair.X(
        "frequency_rank:Q",
        title="Rank of the word",
        scale=altair.Scale(type="log"),
        axis=altair.Axis(format="~s", tickCount=5),
    )
    y = altair.Y(
        "collection_frequency:Q", title="Occurrences", scale=altair.Scale(type="log"), axis=altair.Axis(format="~s")
    )
    layers = altair.layer(
        base.mark_line(color=plots.BLUE, strokeWidth=2).encode(x=x, y=y),
        base.mark_point(color=plots.BLUE, filled=True, size=50, opacity=1).encode(x=x, y=y),
    )
    return plots.finished(layers, width, 240)


def say_growth(rows: Rows) -> str:
    last = rows.unique("tokenizer_id", keep="last", maintain_order=True).sort("vocabulary_size", "tokenizer_id")
    least, most = last.row(0, named=True), last.row(-1, named=True)
    return (
        f"After {counted(most['documents'], 'document')} there are {least['vocabulary_size']:,} different terms of "
        f"`{least['tokenizer_id']}` and {most['vocabulary_size']:,} of `{most['tokenizer_id']}`. Vocabularies grow "
        f"with the text to the power of {number(least['heaps_exponent'], 2)} and {number(most['heaps_exponent'], 2)} "
        "(Heaps' law)."
    )


def draw_growth(rows: Rows, width: int) -> plots.Chart:
    paints = (plots.BLUE, plots.ORANGE, plots.GREEN, plots.PURPLE, plots.ROSE, plots.TEAL, plots.OLIVE, plots.GREY)
    largest = rows.group_by("tokenizer_id").agg(polars.col("vocabulary_size").max())
    names = largest.sort("vocabulary_size", "tokenizer_id", descending=[True, False])["tokenizer_id"].to_list()
    kinds = dict(zip(names, paints, strict=False))
    shown = rows.filter(polars.col("tokenizer_id").is_in(list(kinds)))
    legend = plots.legend(kinds, kinds, width - 60, symbol="stroke")
    chart = (
        altair.Chart(shown)
        .mark_line(strokeWidth=2)
        .encode(
            x=altair.X("documents:Q", title="Documents", axis=altair.Axis(grid=False, tickCount=6)),
            y=altair.Y("vocabulary_size:Q", title="Different terms", axis=altair.Axis(format="~s", tickCount=5)),
            color=altair.Color("tokenizer_id:N", scale=plots.colours(kinds, kinds), legend=legend),
        )
    )
    return plots.finished(chart, width, 260)


def say_distinctive(rows: Rows) -> str:
    groups = rows["field"].n_unique()
    strongest = rows.sort("z_score", descending=True).row(0, named=True)
    return (
        f"The words that set each of {counted(groups, 'field')} apart from the others. The strongest, in "
        f"`{strongest['field']}`, lies {strongest['z_score']:.1f} standard deviations from what chance would bring."
    )


def say_near_duplicates(rows: Rows) -> str:
    pairs, targets = int(rows["pairs"].sum()), int(rows["pairs_with_a_target"].sum())
    return (
        f"{counted(pairs, 'pair')} of documents share half of their words or more; {targets:,} of them "
        "hold the target of a query."
    )


# --- The original study ---------------------------------------------------------------------------------------------


def say_reproduced(rows: Rows) -> str:
    (row,) = rows.to_dicts()
    rebuilt = f"{counted(row['ranks'], 'rank')} over {counted(row['indexes'], 'index', 'indexes')} are rebuilt."
    if not row["published_ranks"] and not row["published_indexes"]:
        return f"{rebuilt} The raw zone holds no published figures to compare them with."
    sentence = (
        f"{rebuilt} {row['equal_vocabularies']:,} of {counted(row['published_indexes'], 'published vocabulary size')} "
        "are found again."
    )
    if row["comparable_ranks"]:
        share = 100 * row["equal_ranks"] / row["comparable_ranks"]
        sentence += (
            f" Of {counted(row['published_ranks'], 'published rank')}, {row['comparable_ranks']:,} can be compared; "
            f"{share:.2f} % of these lie among the ranks that documents of equal scores can have."
        )
    return sentence


def say_by_index(rows: Rows) -> str:
    best = rows.sort("mean_reciprocal_rank", "experiment_id", descending=[True, False]).row(0, named=True)
    whole = rows.filter(~polars.col("attributed"))
    means = whole.group_by("tokens").agg(polars.col("mean_reciprocal_rank").mean()).sort("mean_reciprocal_rank")
    return (
        f"By its own formulas the best setting is experiment {best['experiment_id']:,}: {best['tokens']} of "
        f"{best['fields']}, formula `{best['formula']}`, with a mean reciprocal rank of "
        f"{number(best['mean_reciprocal_rank'])} over {counted(best['queries'], 'query', 'queries')}. Over all choices "
        f"of fields, {means['tokens'][-1]} do best and {means['tokens'][0]} worst. It is the best of all that were "
        "looked at, and flatters itself by that."
    )


def draw_by_index(rows: Rows, width: int) -> plots.Chart:
    kind = closeness(ends(rows, "mean_reciprocal_rank")[1])
    named = rows.with_columns(
        polars.when(polars.col("attributed"))
        .then(polars.col("fields").str.replace("basic", "basic, apart"))
        .otherwise(polars.col("fields"))
        .alias("long_name")
    )
    if width < plots.NARROW:
        short = {" + ": "+", "basic, apart": "ba", "basic": "b", "speech": "sp", "cover": "co", "comments": "com"}
        for old, new in short.items():
            named = named.with_columns(polars.col("long_name").str.replace_all(old, new, literal=True))
    shown = named.select(
        polars.col("long_name").alias("name"),
        polars.col("tokens").alias("column"),
        polars.col("mean_reciprocal_rank").map_elements(kind, return_dtype=polars.String).alias("kind"),
        polars.col("mean_reciprocal_rank").map_elements(number, return_dtype=polars.String).alias("label"),
    )
    return plots.cells(
        shown,
        width,
        columns=["words", *sorted(set(shown["column"]) - {"words"})],
        order=shown["name"].unique(maintain_order=True).to_list(),
        kinds=CLOSENESS,
        dark_kinds=("best",),
    )


def say_by_formula(rows: Rows) -> str:
    first, last = rows.row(0, named=True), rows.row(-1, named=True)
    return (
        f"Over all indexes, `{first['formula']}` has the best mean reciprocal rank "
        f"({number(first['mean_over_indexes'])}), `{last['formula']}` the worst ({number(last['mean_over_indexes'])}). "
        "The line reaches from a formula's worst index to its best. First letter: binary or term frequency; second: no "
        "collection weight, inverse document frequency or its probabilistic form; third: no normaliser or the cosine."
    )


def draw_by_formula(rows: Rows, width: int) -> plots.Chart:
    kinds = {"without normaliser": plots.BLUE, "cosine, corrected": plots.ORANGE}
    shown = rows.select(
        polars.col("formula").alias("name"),
        polars.col("mean_over_indexes").alias("value"),
        polars.col("worst_index").alias("low"),
        polars.col("best_index").alias("high"),
        polars.when(polars.col("normaliser") == "c")
        .then(polars.lit("cosine, corrected"))
        .otherwise(polars.lit("without normaliser"))
        .alias("kind"),
    )
    least, most = ends(shown, "low", "high")
    return plots.intervals(
        shown,
        width,
        title="Mean reciprocal rank; line: worst to best index",
        domain=(rounded_down(least), min(1.0, most + 0.02)),
        kinds=kinds,
    )


def say_by_tokens(rows: Rows) -> str:
    order = rows.sort("mean_reciprocal_rank", "formula", "tokens", descending=[True, False, False])
    best = order.row(0, named=True)
    leads = order.unique("formula", keep="first", maintain_order=True)["tokens"]
    most = max(sorted(leads.unique()), key=lambda tokens: int((leads == tokens).sum()))
    return (
        f"Of {counted(rows['tokens'].n_unique(), 'kind')} of tokens, {most} do best under "
        f"{int((leads == most).sum()):,} of {counted(len(leads), 'formula')}. The best cell is {best['tokens']} with "
        f"`{best['formula']}`: {number(best['mean_reciprocal_rank'])}, the mean over "
        f"{counted(best['indexes'], 'choice')} of fields."
    )


def draw_by_tokens(rows: Rows, width: int) -> plots.Chart:
    columns = ["words", *sorted(set(rows["tokens"]) - {"words"})]
    return draw_means(rows, width, "formula", "tokens", "mean_reciprocal_rank", columns)


def say_claims(rows: Rows) -> str:
    counts = {verdict: len(rows.filter(polars.col("verdict") == verdict)) for verdict in VERDICTS}
    return (
        f"Of {counted(len(rows), 'conclusion')}, {counts['holds']:,} hold"
        f"{'s' if counts['holds'] == 1 else ''} beyond the interval, {counts['does not hold']:,} "
        f"do{'es' if counts['does not hold'] == 1 else ''} not, and {counts['cannot be told']:,} cannot be told with "
        "these queries. Drawn is how far the rebuilt study is on the side of each conclusion; the table says what is "
        "behind it where that differs from what was published."
    )


def draw_claims(rows: Rows, width: int) -> plots.Chart:
    claims = [f"{row['claim_id']}  {row['claim']}" for row in rows.to_dicts()]
    short = plots.short_names(claims, 360 if width >= plots.NARROW else width - 10)
    shown = rows.select(
        polars.Series("name", [short[claim] for claim in claims]),
        polars.col("difference").alias("value"),
        polars.col("ci_low").alias("low"),
        polars.col("ci_high").alias("high"),
        polars.col("verdict").alias("kind"),
    )
    return difference_intervals(shown, width, "reciprocal_rank", VERDICTS)


def say_out_of_sample(rows: Rows) -> str:
    theirs = rows.filter(polars.col("is_original_study"))
    ours = rows.filter(~polars.col("is_original_study"))
    if theirs.is_empty() or ours.is_empty():
        return "There is nothing to compare the study's choice with."
    study, best = theirs.row(0, named=True), ours.row(0, named=True)
    return (
        f"The best of the study's {study['candidate_count']:,} settings, chosen without the queries of the author that "
        f"it is then judged on, has a mean reciprocal rank of {number(study['reciprocal_rank'])} over "
        f"{counted(study['query_count'], 'query', 'queries')}, and the target first for "
        f"{percent(study['success_at_1'])}. The choice of `{best['procedure_id']}` among "
        f"{counted(best['candidate_count'], 'system')} has {number(best['reciprocal_rank'])} and "
        f"{percent(best['success_at_1'])}, chosen and judged in the same way."
    )


def draw_out_of_sample(rows: Rows, width: int) -> plots.Chart:
    kinds = {"this project": plots.BLUE, "the original study": plots.ORANGE}
    shown = rows.select(
        polars.format("{} ({})", polars.col("procedure_id").str.replace_all("_", " "), "candidate_count").alias("name"),
        polars.col("reciprocal_rank").alias("value"),
        polars.lit(None, dtype=polars.Float64).alias("low"),
        polars.lit(None, dtype=polars.Float64).alias("high"),
        polars.when(polars.col("is_original_study"))
        .then(polars.lit("the original study"))
        .otherwise(polars.lit("this project"))
        .alias("kind"),
    )
    least, most = ends(shown, "value")
    title = "Mean reciprocal rank out of sample; in brackets: settings chosen among"
    if width < plots.NARROW:
        title = "Mean reciprocal rank out of sample"
    domain = (rounded_down(least - 0.05), min(1.0, most + 0.05))
    return plots.intervals(shown, width, title=title, domain=domain, kinds=kinds)


def say_agreed(rows: Rows) -> str:
    compared = rows.filter(polars.col("compared_count") > 0).sort("agreeing_share", "part")
    if compared.is_empty():
        return "The raw zone holds no published figures to compare the rebuilt ones with."
    most, least = (
        f"{row['part']} ({100 * row['agreeing_share']:.2f} %, {row['cells']})"
        for row in (compared.row(-1, named=True), compared.row(0, named=True))
    )
    return (
        f"The rebuilt study agrees most with {most} and least with {least}. "
        "Where a cell is one rank wide nothing is left to chance."
    )


def say_builds(rows: Rows) -> str:
    last = rows.row(0, named=True)
    return (
        f"Built {last['built_at']:%Y-%m-%d %H:%M} UTC by version {last['project_version']} with "
        f"{last['engine_versions']}, from {counted(last['document_count'], 'document')} and "
        f"{counted(last['query_count'], 'query', 'queries')}. Equal fingerprints mean equal input."
    )


NO_TIKTOKS = "The warehouse holds no TikToks."
NOTHING_JUDGED = "No query could be judged: put queries and their targets into the raw zone."

FIGURES: Mapping[str, Figure] = {
    figure.name: figure
    for figure in (
        Figure(
            "collection_in_numbers",
            "The collection in numbers",
            say_collection,
            {
                "tiktoks": "TikToks",
                "creators": "creators",
                "excluded_tiktoks": "excluded",
                "quarantined_records": "unreadable",
                "comments": "comments",
                "documents": "documents",
                "queries": "queries",
                "authors": "authors of queries",
                "excluded_queries": "excluded queries",
            },
        ),
        Figure(
            "corpus_funnel",
            "From the scrape to the corpus",
            say_funnel,
            {"stage": "stage", "outcome": "outcome", "tiktoks": "TikToks", "share": "share of the stage"},
            draw_funnel,
            when_empty=NO_TIKTOKS,
        ),
        Figure(
            "outcomes_by_host",
            "What each host yields",
            say_hosts,
            {"host": "host", "stage": "stage", "tiktoks": "TikToks", "passed": "passed", "share": "share"},
            draw_hosts,
            when_empty=NO_TIKTOKS,
        ),
        Figure(
            "exclusion_reasons",
            "Why TikToks are excluded",
            say_exclusions,
            {"reason": "reason", "tiktoks": "TikToks"},
            draw_counts("reason", "tiktoks"),
            when_empty="No TikTok is excluded.",
        ),
        Figure(
            "text_sources",
            "Where the text comes from",
            say_sources,
            {"field": "field", "documents": "documents", "share": "share of documents", "mean_words": "mean words"},
            draw_sources,
            when_empty="No index is built.",
        ),
        Figure(
            "posts_by_month",
            "When the TikToks were posted",
            say_months,
            {"posted_month": "month", "tiktoks": "TikToks"},
            draw_months,
            when_empty=NO_TIKTOKS,
        ),
        Figure(
            "index_sizes",
            "The indexes",
            say_indexes,
            {
                "index_id": "index",
                "tokenizer_id": "tokenizer",
                "vocabulary_size": "terms",
                "posting_count": "postings",
                "mean_document_length": "mean document length",
                "build_seconds": "seconds",
                "description": "what it is",
            },
            draw_indexes,
            when_empty="No index is built.",
        ),
        Figure(
            "leaderboard_intervals",
            "The leaderboard",
            say_leaderboard,
            {
                "position": "",
                "entry_id": "system or tuning procedure",
                "leading_value": "leading measure",
                "leading_value_ci_low": "95 % from",
                "leading_value_ci_high": "to",
                "value_out_of_sample": "out of sample",
                "success_at_1": "success@1",
                "success_at_8": "success@8",
                "median_target_rank": "median rank",
                "description": "what it is",
            },
            draw_leaderboard,
            when_empty=NOTHING_JUDGED,
        ),
        Figure(
            "success_by_cutoff",
            "Success among the first N",
            say_success,
            {
                "position": "",
                "system_id": "system",
                "cutoff": "first N",
                "value": "success",
                "ci_low": "95 % from",
                "ci_high": "to",
            },
            draw_success,
            when_empty=NOTHING_JUDGED,
        ),
        Figure(
            "differences_from_baseline",
            "Better than the baseline?",
            say_differences,
            {
                "system_id": "system",
                "difference": "difference",
                "ci_low": "95 % from",
                "ci_high": "to",
                "wins": "wins",
                "ties": "draws",
                "losses": "losses",
                "p_value": "p",
                "p_adjusted": "p, corrected",
                "test": "test",
            },
            draw_differences,
            when_empty="There is only one system, or none: nothing can be compared.",
        ),
        Figure(
            "tuning_in_and_out_of_sample",
            "What tuning is worth",
            say_tuning,
            {
                "procedure_id": "procedure",
                "value_in_sample": "in sample",
                "ci_low": "95 % from",
                "ci_high": "to",
                "value_out_of_sample": "out of sample",
                "folds": "folds",
                "systems_chosen": "settings chosen",
                "in_sample_system_id": "chosen from all queries",
            },
            draw_tuning,
            when_empty="No tuning procedure could be judged.",
        ),
        Figure(
            "score_by_field",
            "Where scores come from",
            say_score_fields,
            {"system_id": "system", "field": "field", "share": "share of the targets' scores"},
            draw_score_fields,
            when_empty="No target is among the results that are explained.",
        ),
        Figure(
            "query_difficulty",
            "Hard and easy queries",
            say_difficulty,
            {
                "hardness": "",
                "query_id": "query",
                "query_text": "text",
                "mean_reciprocal_rank": "mean reciprocal rank",
                "position": "position",
                "system_id": "system",
                "target_rank": "rank",
            },
            draw_difficulty,
            word_columns=("query_text",),
            when_empty=NOTHING_JUDGED,
        ),
        Figure(
            "query_lengths",
            "How long queries are",
            say_lengths,
            {"words": "words (10: or more)", "queries": "queries", "found_first": "target on rank 1"},
            draw_lengths,
            when_empty=NOTHING_JUDGED,
        ),
        Figure(
            "failures_by_category",
            "Why targets are missed",
            say_failures,
            {
                "position": "",
                "system_id": "system",
                "category": "reason",
                "failures": "queries",
                "share_of_queries": "share of all queries",
                "median_target_rank": "median rank",
                "not_retrieved": "not found at all",
            },
            draw_failures,
            when_empty="No target is missed.",
        ),
        Figure(
            "failures_of_best_system",
            "The misses, one by one",
            say_misses,
            {
                "query_id": "query",
                "query_text": "text",
                "target_rank": "rank",
                "category": "reason",
                "shared_term_count": "terms in the target",
                "query_term_count": "of",
                "shared_terms": "which",
                "missing_terms": "lacking",
                "target_doc_id": "target",
                "rival_doc_id": "on rank 1",
            },
            word_columns=("query_text", "shared_terms", "missing_terms"),
            when_empty="The best system misses nothing.",
        ),
        Figure(
            "near_duplicate_effect",
            "Copies of the target",
            say_duplicates,
            {
                "system_id": "system",
                "value": "reciprocal rank",
                "value_with_groups": "with copies as targets",
                "changed_query_count": "queries changed",
                "query_count": "of",
            },
            when_empty=NOTHING_JUDGED,
        ),
        Figure(
            "explained_queries",
            "Some queries explained",
            say_explained,
            {
                "query_text": "query",
                "part": "document",
                "rank": "rank",
                "doc_id": "id",
                "term": "term",
                "field": "field",
                "term_frequency": "times there",
                "document_frequency": "documents with it",
                "contribution": "contribution",
            },
            draw_explained,
            word_columns=("query_text", "term"),
            is_about_words=True,
            when_empty="No target is among the results that are explained.",
        ),
        Figure(
            "query_groups",
            "Kinds of queries",
            say_groups,
            {
                "axis": "by",
                "query_group": "group",
                "query_count": "queries",
                "value": "mean",
                "ci_low": "95 % from",
                "ci_high": "to",
                "difference": "difference from the others",
                "difference_ci_low": "from",
                "difference_ci_high": "to ",
            },
            draw_groups,
            when_empty=NOTHING_JUDGED,
        ),
        Figure(
            "ablated_systems",
            "What each part brings",
            say_ablated,
            {
                "axis": "part",
                "variant": "variant",
                "value": "mean",
                "ci_low": "95 % from",
                "ci_high": "to",
                "difference": "difference",
                "difference_ci_low": "from",
                "difference_ci_high": "to ",
                "system_id": "system",
                "reference_system_id": "compared with",
            },
            draw_ablated,
            when_empty="The systems that would be compared are not built: `dbt build --vars '{all_systems: true}'`.",
        ),
        Figure(
            "ablated_fields",
            "Fields, taken away and alone",
            say_ablated_fields,
            {
                "field": "field",
                "way": "read",
                "value": "mean",
                "difference": "difference",
                "difference_ci_low": "95 % from",
                "difference_ci_high": "to",
                "system_id": "system",
            },
            draw_ablated_fields,
            when_empty=f"No system that reads fewer fields is built. {OTHERS_NOT_BUILT}",
        ),
        Figure(
            "tokenizers_by_ranker",
            "Tokenizers and ranking functions",
            say_tokenizers,
            {
                "tokenizer_id": "tokenizer",
                "ranker_id": "ranking function",
                "value": "mean",
                "ci_low": "95 % from",
                "ci_high": "to",
                "system_id": "system",
            },
            draw_tokenizers,
            when_empty=NOTHING_JUDGED,
        ),
        Figure(
            "comments_indexed",
            "How many comments",
            say_comments,
            {
                "comments_read": "comments read (nothing: all)",
                "value": "mean",
                "ci_low": "95 % from",
                "ci_high": "to",
                "system_id": "system",
            },
            draw_comments,
            when_empty="There are no comments, or no query could be judged.",
        ),
        Figure(
            "hardest_queries",
            "The hardest queries",
            say_hardest,
            {
                "query_id": "query",
                "query_text": "text",
                "mean_reciprocal_rank": "mean reciprocal rank",
                "systems_with_rank_1": "systems with rank 1",
                "systems": "of",
                "best_rank": "best rank",
                "most_frequent_reason": "most frequent reason",
            },
            word_columns=("query_text",),
            when_empty=NOTHING_JUDGED,
        ),
        Figure(
            "zipf",
            "Frequent and rare words",
            say_zipf,
            {
                "frequency_rank": "rank",
                "term": "word",
                "collection_frequency": "occurrences",
                "document_frequency": "documents",
                "rank_times_frequency": "rank x occurrences",
                "share_so_far": "share so far",
            },
            draw_zipf,
            word_columns=("term",),
            when_empty="No index of words is built.",
        ),
        Figure(
            "vocabulary_growth",
            "How vocabularies grow",
            say_growth,
            {
                "tokenizer_id": "tokenizer",
                "documents": "documents",
                "tokens": "tokens",
                "vocabulary_size": "different terms",
                "heaps_exponent": "Heaps' exponent",
            },
            draw_growth,
            when_empty="No index is built.",
        ),
        Figure(
            "distinctive_terms_by_field",
            "Words that set a field apart",
            say_distinctive,
            {
                "field": "field",
                "place": "place",
                "term": "word",
                "frequency": "times there",
                "other_frequency": "times elsewhere",
                "z_score": "z score",
            },
            word_columns=("term",),
            is_about_words=True,
            when_empty="No index of words is built.",
        ),
        Figure(
            "near_duplicates_by_likeness",
            "Near-duplicates",
            say_near_duplicates,
            {
                "jaccard_from": "shared words from",
                "jaccard_to": "to",
                "pairs": "pairs",
                "pairs_with_a_target": "with a target",
            },
        ),
        Figure(
            "original_study_reproduced",
            "Found again?",
            say_reproduced,
            {
                "indexes": "indexes",
                "published_indexes": "published",
                "equal_vocabularies": "equal vocabularies",
                "ranks": "ranks",
                "published_ranks": "published ",
                "comparable_ranks": "comparable",
                "equal_ranks": "equal",
            },
        ),
        Figure(
            "original_study_by_index",
            "Its indexes",
            say_by_index,
            {
                "index_id": "index",
                "tokens": "tokens",
                "fields": "fields",
                "attributed": "fields apart",
                "formula": "best formula",
                "experiment_id": "experiment",
                "mean_reciprocal_rank": "mean reciprocal rank",
                "queries": "queries",
            },
            draw_by_index,
            when_empty="No query of the study is in the collection.",
        ),
        Figure(
            "original_study_by_formula",
            "Its formulas",
            say_by_formula,
            {
                "formula": "formula",
                "mean_over_indexes": "mean over indexes",
                "worst_index": "worst",
                "best_index": "best",
                "indexes": "indexes",
            },
            draw_by_formula,
            when_empty="No query of the study is in the collection.",
        ),
        Figure(
            "original_study_by_tokens",
            "Its formulas and tokens",
            say_by_tokens,
            {
                "formula": "formula",
                "tokens": "tokens",
                "mean_reciprocal_rank": "mean reciprocal rank",
                "indexes": "indexes",
            },
            draw_by_tokens,
            when_empty="No query of the study is in the collection.",
        ),
        Figure(
            "original_study_claims_checked",
            "What holds of its conclusions",
            say_claims,
            {
                "claim_id": "",
                "claim": "conclusion",
                "verdict": "verdict",
                "published_difference": "published difference",
                "difference": "difference",
                "ci_low": "95 % from",
                "ci_high": "to",
                "pair_count": "pairs",
                "remark": "remark",
            },
            draw_claims,
            when_empty="No query of the study is in the collection.",
        ),
        Figure(
            "original_study_out_of_sample",
            "Its choice, out of sample",
            say_out_of_sample,
            {
                "procedure_id": "procedure",
                "candidate_count": "settings",
                "reciprocal_rank": "mean reciprocal rank",
                "success_at_1": "success@1",
                "success_at_3": "success@3",
                "success_at_5": "success@5",
                "success_at_8": "success@8",
                "query_count": "queries",
            },
            draw_out_of_sample,
            when_empty="No query of the study is in the collection.",
        ),
        Figure(
            "original_study_agreed_cells",
            "How closely it is rebuilt",
            say_agreed,
            {
                "part": "part",
                "cells": "which",
                "compared_count": "published",
                "agreeing_count": "agree",
                "agreeing_share": "share",
                "mean_interval_width": "mean ranks in a cell",
                "largest_difference": "largest relative difference",
            },
        ),
        Figure(
            "last_builds",
            "What this was made from",
            say_builds,
            {
                "built_at": "built (UTC)",
                "project_version": "version",
                "engine_versions": "engines",
                "document_count": "documents",
                "query_count": "queries",
                "corpus": "corpus",
                "queries": "queries' fingerprint",
                "seeds": "seeds",
            },
        ),
    )
}


def figure(name: str) -> Figure:
    """Return a figure by the name of its question. Raises KeyError where there is none."""
    return FIGURES[name]


def written(value: Any, column: str = "") -> str:
    """Write a table's value: shares with three decimals, counts with separators, nothing for null."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and not column.endswith("_id"):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.1f}" if abs(value) >= 10 else f"{value:.3f}"
    return f"{value:%Y-%m-%d %H:%M}" if hasattr(value, "hour") else str(value)
