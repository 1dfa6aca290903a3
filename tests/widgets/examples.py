"""One example of each live picture: all that goes through every picture takes it from here, tests and bench alike.

An entry names the class, and says how a cell makes one, by which control the bench moves it, and what it refuses.
"""

from typing import NamedTuple

from course_lib.widgets import LIVE

# What the cells below may use: the first cell of a notebook in which they stand.
START = f"""import numpy as np
from course_lib.data import texts, trained_gpt
from course_lib.in_numpy.gpt import GPT
from course_lib.tokenization import BytePairTokenizer
from course_lib.widgets import {", ".join(LIVE)}
words = "the slowest reader found the newest words of all on that shelf".split()
trained, known = trained_gpt.load(GPT), trained_gpt.log()["words"]
low = BytePairTokenizer.train("low low low lower lowest newest", 264)
eye = np.eye(2)
numbers = lambda *shape: np.random.default_rng(0).normal(size=shape)
def watched(steps, tokens, heads):
    weights = np.tril(np.exp(numbers(31, len(heads), len(tokens), len(tokens))))
    looks = ((f"text {{n}}", look / look.sum(-1, keepdims=True)) for n, look in enumerate(weights))
    watch = WatchTraining(steps, lambda: next(looks), tokens, {{"blind guess": 3.0, "floor": 1.0}}, heads)
    list(watch(1 + 2 / np.arange(1, steps + 1)))
    return watch
def unwatched(look=("", eye), steps=9, floors={{}}, **more):
    return WatchTraining(steps, lambda: look, ["a", "b"], floors, **more)"""


class Example(NamedTuple):
    code: str  # the cell: its last line is the picture
    keys: str | None  # the slider or the button by whose keys the bench moves it; None: its own grid or map
    refuses: dict  # code that gives it bad input → a part of the sentence with which it is refused
    timed: str = ""  # what the bench takes instead, where a lesson's is larger


EXAMPLES = {
    "AttentionSteps": Example(
        "rows, ask = {'swam': [1, 0, 0], 'cash': [0, 1, 0], 'bank': [0.5, 0.5, 0]}, 3 * np.diag([1, 1, 0])\n"
        "sentences = ['we swam across to the bank'.split(), 'we took cash to the bank'.split()]\n"
        "x = np.array([[rows.get(word, [0, 0, 1]) for word in words] for words in sentences])\n"
        "AttentionSteps(sentences, x @ ask, x @ ask, x, ['water', 'money', 'helper'])",
        "step",
        {
            "AttentionSteps('ab', eye, eye, eye, list('xy'))": "words must be a list of labels",
            "AttentionSteps([['a', 'b']], *[[eye, eye]] * 3, list('xy'))": "1 sentences, but the numbers are for 2",
            "AttentionSteps([['a', 'b'], ['c']], *[[eye, eye]] * 3, list('xy'))": "1 words, but the numbers are for 2",
            "AttentionSteps([['a', 'b']], eye, [eye], [eye], list('xy'))": "q must have axes (N T K), got shape (2, 2)",
            "AttentionSteps(['a', 'b'], eye, np.ones((2, 3)), eye, list('xy'))": "q has width 2 but k has width 3",
            "AttentionSteps(['a', 'b'], eye, eye, eye, ['x'])": "1 axes, but the numbers are for 2",
            "AttentionSteps(['a'], [[1]], [[1]], [[1]], ['x'])": "K and D from 2 to 6",
            "AttentionSteps(range(9), *[np.ones((9, 2))] * 3, list('xy'))": "9 words; from 1 to 8 can be shown",
            "AttentionSteps(['a', 'b'], eye, eye, eye, list('xy'), query=2)": "query is 2, there are words 0 to 1",
            "AttentionSteps(['a', 'b'], eye, eye, eye, list('xy'), step=9)": "step is 9, must be from 0 to 2 T + 4 = 8",
            "AttentionSteps(['a', 'b'], 20 * eye, 20 * eye, eye, list('xy'))": "a score divided by √K is 283",
            "AttentionSteps([['a', 'b']] * 2, [20 * eye, eye], [eye, 20 * eye], [eye, eye], list('xy'))": "by √K is 283",
        },
    ),
    "AttentionView": Example(
        "q, k = numbers(2, 2, 4, 3)\n"
        "AttentionView(['You', 'are', 'welcome', '<pad>'], q=q, k=k, v=[[1, 0], [0, 1], [2, -2], [0.5, 0.5]])",
        "temperature",
        {
            "AttentionView('ab', eye)": "tokens must be a list of labels, got the single",
            "AttentionView(['a', 'b'], [[2, 3], [1, 1]])": "each row must add to 1",
            "AttentionView(['a', 'b'], [[2, -1], [1, 0]])": "weights must be 0 or more",
            "AttentionView(['a'], eye)": "1 tokens, but the numbers are for 2",
            "AttentionView(['a', 'b'], eye, keys=['c'])": "1 keys, but the numbers are for 2",
            "AttentionView(['a'], [1])": "weights must have axes (T S), got shape (1,)",
            "AttentionView(['a'], [[np.nan]])": "weights holds NaN or infinity",
            "AttentionView(['a'])": "give either weights, or both q and k",
            "AttentionView(['a'], q=[[1]])": "give either weights, or both q and k",
            "AttentionView(['a'], q=[[1]], k=[[1, 2]])": "q has width 1 but k has width 2",
            "AttentionView(['a', 'b'], q=eye, k=eye, mask=eye)": "mask must be bool (2, 2)",
            "AttentionView(['a', 'b'], eye, head=1)": "head is 1, there are heads 0 to 0",
            "AttentionView(['a', 'b'], eye, keys=['c', 'd'], causal=True)": "no future to hide",
            "AttentionView(['a', 'b'], eye, padding=2)": "padding is 2, must be from 0 to 1",
            "AttentionView(['a', 'b'], eye, temperature=4)": "temperature 4 is not a stop",
            "AttentionView(['a', 'b'], eye, v=[[1], [2], [3]])": "v has shape (3, 1), expected (2, D)",
            "AttentionView(['a', 'b'], eye, v=np.ones((2, 65)))": "v is 65 wide; at most 64",
            "AttentionView(['a', 'b'], eye, v=np.ones((2, 2, 3)))": "or (1, 2, D)",
            "AttentionView(range(65), np.eye(65))": "65 tokens; from 1 to 64 can be shown",
        },
        timed="q, k = numbers(2, 12, 8)\nAttentionView(words, q=q, k=k)",
    ),
    "BPEExplorer": Example(
        "BPEExplorer(low, 'slow ñ', merges=2)",
        "merges done",
        {
            "BPEExplorer('low')": "expected a BytePairTokenizer, got str",
            "BPEExplorer(low, merges=9)": "merges is 9, must be from 0 to 8",
            "BPEExplorer(low, 'a' * 401)": "the text has 401 characters",
        },
        timed="BPEExplorer(BytePairTokenizer.train(texts.load('the_lowest_shelf'), 556), ' '.join(words[:7]), 100)",
    ),
    "DecisionBoundary": Example(
        "DecisionBoundary([[1, -1], [-1, 1]], [0, 0], [1, 1], 0)",
        "W₁₁",
        {
            "DecisionBoundary(np.eye(3), [0, 0], [1, 1], 0)": "W has shape (3, 3), every axis",
            "DecisionBoundary(eye, [0, 0], [1, 1], 0, 'tanh')": "activation 'tanh' must be",
            "DecisionBoundary(eye, [0, 0], [1, 1], 0, rate=2)": "rate 2 is not a stop",
        },
        timed="DecisionBoundary([[20, -20], [20, -20]], [-10, 30], [20, 20], -30, 'sigmoid')",
    ),
    "DescentExplorer": Example(
        "DescentExplorer(['mat', 'hat', 'rat'], [0.1, 0.1, 0.7], 'mat')",
        "step",
        {
            "DescentExplorer('ab', [1, 2], 'c')": "labels must be a list",
            "DescentExplorer(['a', 'b'], [1, 2], 'c')": "target 'c' is none of a, b",
            "DescentExplorer(['a', 'b'], [1, 2], 0, rate=0.2)": "rate 0.2 is not a stop",
            "DescentExplorer(['a', 'b'], [1, 2], 0, steps=0)": "steps is 0, must be from 1",
        },
    ),
    "EmbeddingMap": Example(
        "EmbeddingMap(['dog', 'cat', 'rice', 'soup'], [[1, 0.1], [0.9, 0.3], [0.1, 1], [0.4, 1]], h=[-1, 2])",
        None,
        {
            "EmbeddingMap(['a'], eye)": "1 words, but the numbers are for 2",
            "EmbeddingMap(['a', 'b'], [[1], [2]])": "a map needs two words and two features",
            "EmbeddingMap(['a', 'b'], eye, h=[1, 2, 3])": "h has width 3 but vectors have width 2",
            "EmbeddingMap(range(8), np.eye(8), range(8))": "8 groups; at most 7",
        },
        timed="EmbeddingMap(range(44), numbers(44, 16))",
    ),
    "GPTView": Example(
        "GPTView(trained, known)",
        "Write a word",  # until the text fills the context
        {
            "GPTView(trained, known[1:])": "97 words, but the model has V = 98",
            "GPTView(trained, known, 'Anna flew')": "the model knows 98 words, and 'flew' is none of them",
            "GPTView(trained, known, 'the ' * 32)": "the text has 32 words; the model sees at most 31",
            "GPTView(trained, known, unfolded=['look.2'])": "'look.2' cannot be unfolded; there are start, look.0",
        },
    ),
    "LayerNormExplorer": Example(
        "LayerNormExplorer([1.0, 3.0, 2.0])",
        "x 1",
        {
            "LayerNormExplorer([1, 2], [1])": "weight has width 1 but x has width 2",
            "LayerNormExplorer([1, 20])": "sliders of x go from −10 to 10",
            "LayerNormExplorer([1, 2], eps=2)": "eps 2 is not a stop",
            "LayerNormExplorer([1])": "x has 1 entries; from 2 to 10",
        },
    ),
    "MatmulExplorer": Example(
        "MatmulExplorer([[1, 2], [3, -4]], [[5, 0.5], [6, 7]], names=('x', 'W', 'q'))",
        None,
        {
            "MatmulExplorer(eye, [[1, 2]])": "a row of a has 2 entries but a column of b has 1",
            "MatmulExplorer(np.eye(13), np.eye(13))": "at most 12 rows and columns",
            "MatmulExplorer([[1], [2, 3]], eye)": "a must be a rectangular array",
            "MatmulExplorer(eye, eye, names=['x'])": "names are for a, b and the product",
        },
        timed="MatmulExplorer(numbers(6, 5), numbers(5, 6))",
    ),
    "PositionExplorer": Example(
        "PositionExplorer(60, 8, learned=numbers(60, 8), name='at random')",
        "position t",
        {
            "PositionExplorer(16, 5)": "D = 5 even",
            "PositionExplorer(16, 4, base=7)": "base 7 is not a stop",
            "PositionExplorer(16, 4, learned=eye)": "learned has shape (2, 2), expected",
            "PositionExplorer(16, 4, q=[1])": "q has width 1 and k has width 4; both must be D = 4",
        },
        timed="PositionExplorer(100, 32)",
    ),
    "SoftmaxTemperature": Example(
        "SoftmaxTemperature([2.0, 1.0, 0.2], labels=['A', 'B', 'C'])",
        "temperature",
        {
            "SoftmaxTemperature([])": "logits is empty",
            "SoftmaxTemperature(['a'])": "logits must be a rectangular array of numbers",
            "SoftmaxTemperature([1, -11])": "from −10 to 10, got -11",
        },
    ),
    "ValleyExplorer": Example(
        "ValleyExplorer()",
        "learning rate",
        {
            "ValleyExplorer(curvature=1)": "curvature must have axes (2), got shape ()",
            "ValleyExplorer(start=[1, 2, 3])": "curvature and start are two numbers each",
            "ValleyExplorer(curvature=[0, 1])": "curvature [0.0, 1.0] must be above 0",
            "ValleyExplorer(start=[1, 6])": "start [1.0, 6.0] is off the map",
            "ValleyExplorer(rates=[0.1, 0.1, 0.4])": "rate 0.4 is not a stop",
            "ValleyExplorer(momentum=1)": "momentum 1 is not a stop",
            "ValleyExplorer(steps=81)": "steps is 81, must be from 1 to 80",
        },
    ),
    "WatchTraining": Example(
        "watched(40, ['You', 'are', 'welcome'], ['first', 'second'])",
        "look",
        {
            "unwatched(('', np.ones((2, 2, 3))))": "gives weights (2, 2, 3), expected (2, 2, 2)",
            "unwatched(('', [eye]), heads=['x', 'y'])": "weights (1, 2, 2), expected (2, 2, 2)",
            "unwatched(('', 0.5 + 0 * eye))": "a head looks at a later token",
            "unwatched(('', eye * np.nan))": "weights holds NaN",
            "unwatched(steps=0)": "steps is 0, must be 1 or more",
            "unwatched(floors={'f': 0})": "heights above 0, got {'f': 0}",
            "unwatched(head=1)": "head is 1, there are heads 0 to 0",
        },
        timed="watched(600, words, list('abcdefgh'))",
    ),
}


def made(code):
    """What the last line of a cell gives, in a kernel of its own as it were."""
    *before, last = code.splitlines()
    space = {}
    exec("\n".join([START, *before]), space)  # noqa: S102 - the cells above
    return eval(last, space)


def example(name):
    """The example of a class, made anew."""
    if name not in EXAMPLES:
        raise LookupError(f"tests/widgets/examples.py has no example of {name}")
    return made(EXAMPLES[name].code)


def control(widget, name):
    """What the bench moves in a widget of that class on a page of Playwright's: a slider, a button, or its own grid or map."""
    keys = EXAMPLES[name].keys
    if keys is None:
        return widget.locator("[role=application]")
    return widget.get_by_label(keys, exact=True).or_(widget.get_by_role("button", name=keys, exact=True))
