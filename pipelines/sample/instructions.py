# ruff: noqa: E501  (one pattern a line)
"""Instruction records in Alpaca form: a request, sometimes an input, and an answer composed as an article is."""

import random

from pipelines.sample.compose import TOPICS, Article, compose, decks_of, fill, lines_of

REQUESTS = {
    "en": """
[Write|Draft|Compose] a [short|brief|lively] [article|column|report] about {activity} for [readers|a newsletter|visitors] in {town}.
[Describe|Explain] how {trouble} [affects|changed] the work of {people}, and [mention|include] {place}.
[A friend asks|My neighbour wants to know] why {people} care about {gain}. [Answer|Reply] in [a few paragraphs|plain words].
[Tell|Retell] the story of {place} in {town} [as a feature|for the local paper|in a calm tone].
[Summarise|Sum up] [what is known|the notes below] about {activity} [and its effect on {gain}|in {town}].
""",
    "zh": """
请[写|起草]一篇[短文|报道|专栏]，[谈谈|介绍]{town}的{activity}。
[说明|解释]{trouble}对{people}有什么影响，并[提到|写进]{place}。
[朋友|邻居]问：{people}为什么看重{gain}？请用[几段话|平实的语言][回答|说明]。
以[平和|轻松]的语气[讲讲|叙述]{town}{place}的故事。
[根据|结合]下面的[提示|要点]，[概括|梳理]{activity}[与{gain}的关系|在当地的情况]。
""",
}
INPUTS = {
    "en": "|Keep it factual.|The audience is new to the subject.|Notes: {year}, {place}, {people}.|Tone: warm but exact.",
    "zh": "|请尽量写实。|读者是初学者。|要点：{year}年，{place}，{people}。|语气亲切，用词准确。",
}


def compose_instruction(language: str, rng: random.Random) -> tuple[Article, dict[str, str]]:
    """A record and, as an article, its three fields one paragraph each: (article, Alpaca fields)."""
    topic = rng.choice(TOPICS[language])
    slots = decks_of(language, topic, rng)
    instruction = fill(rng.choice(lines_of(REQUESTS[language])), slots, rng)
    given = fill(rng.choice(INPUTS[language].split("|")), slots, rng)
    answer = compose(language, rng, sentences=rng.randint(7, 14), topic=topic, slots=slots)
    paragraphs = tuple((part,) for part in (instruction, given) if part) + answer.paragraphs
    fields = {"instruction": instruction, "input": given, "output": answer.text}
    return Article(language, answer.title, paragraphs), fields
