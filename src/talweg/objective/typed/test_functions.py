"""Well-known test functions of two variables, each as text of our grammar, and what is known of its minima.

Sources, where an entry names none: M. Jamil and X.-S. Yang, A literature survey of benchmark functions for
global optimization problems, Int. J. Mathematical Modelling and Numerical Optimization 4(2), 2013,
arXiv:1308.4008; and S. Surjanovic and D. Bingham, Virtual library of simulation experiments: test functions
and datasets, 2013.
"""

import dataclasses

Point = tuple[float, float]
Window = tuple[tuple[float, float], tuple[float, float]]


@dataclasses.dataclass(frozen=True)
class KnownFunction:
    """A test function and what is known of it.

    Attributes:
        name: its name, as typed.
        text: the function in our grammar, of x and y.
        window: the ranges of x and y that it is usually shown on.
        minima: where the function is lowest within the window; empty where it has no minimum.
        value: its value there; `None` where it has no minimum.
        local_minima: other local minima that are known and lie within the window.
        about: what it is known for, and its source where the module's docstring does not name it.
    """

    name: str
    text: str
    window: Window
    minima: tuple[Point, ...]
    value: float | None
    about: str
    local_minima: tuple[Point, ...] = ()


def _square(half: float) -> Window:
    return ((-half, half), (-half, half))


_ALL = (
    KnownFunction(
        "himmelblau",
        "(x² + y − 11)² + (x + y² − 7)²",
        _square(5.0),
        (
            (3.0, 2.0),
            (-2.805118086952745, 3.131312518250573),
            (-3.779310253377747, -3.283185991286170),
            (3.584428340330492, -1.848126526964404),
        ),
        0.0,
        "four equal minima (D. Himmelblau, Applied Nonlinear Programming, 1972)",
    ),
    KnownFunction(
        "rosenbrock",
        "(1 − x)² + 100(y − x²)²",
        ((-2.0, 2.0), (-1.0, 3.0)),
        ((1.0, 1.0),),
        0.0,
        "a long curved valley (H. Rosenbrock, The Computer Journal 3, 1960)",
    ),
    KnownFunction(
        "beale",
        "(1.5 − x + x·y)² + (2.25 − x + x·y²)² + (2.625 − x + x·y³)²",
        _square(4.5),
        ((3.0, 0.5),),
        0.0,
        "flat along two axes, steep in the corners (E. Beale, 1958)",
    ),
    KnownFunction(
        "ackley",
        "−20exp(−0.2sqrt(0.5(x² + y²))) − exp(0.5(cos(2pi·x) + cos(2pi·y))) + e + 20",
        _square(5.0),
        ((0.0, 0.0),),
        0.0,
        "many small dips around one deep cone (D. Ackley, A Connectionist Machine, 1987)",
    ),
    KnownFunction(
        "rastrigin",
        "20 + x² − 10cos(2pi·x) + y² − 10cos(2pi·y)",
        _square(5.12),
        ((0.0, 0.0),),
        0.0,
        "a bowl covered with dips, one near each pair of whole numbers (L. Rastrigin, 1974)",
    ),
    KnownFunction(
        "booth", "(x + 2y − 7)² + (2x + y − 5)²", _square(10.0), ((1.0, 3.0),), 0.0, "a quadratic bowl, askew"
    ),
    KnownFunction(
        "easom",
        "−cos(x)·cos(y)·exp(−(x − pi)² − (y − pi)²)",
        _square(10.0),
        ((3.141592653589793, 3.141592653589793),),
        -1.0,
        "one narrow hole in a plain (E. Easom, A survey of global optimization techniques, 1990)",
    ),
    KnownFunction("saddle", "x² − y²", _square(2.0), (), None, "the plainest saddle: no minimum at all"),
    KnownFunction(
        "monkey-saddle",
        "x³ − 3x·y²",
        _square(2.0),
        (),
        None,
        "three ways down, also one for the tail; its Hessian is 0 at the origin (D. Hilbert and "
        "S. Cohn-Vossen, Anschauliche Geometrie, 1932)",
    ),
    KnownFunction("matyas", "0.26(x² + y²) − 0.48x·y", _square(10.0), ((0.0, 0.0),), 0.0, "a long shallow bowl"),
    KnownFunction(
        "three-hump-camel",
        "2x² − 1.05x⁴ + x⁶/6 + x·y + y²",
        _square(2.5),
        ((0.0, 0.0),),
        0.0,
        "three minima, the middle one the lowest",
        ((-1.7475523458, 0.8737761729), (1.7475523458, -0.8737761729)),
    ),
    KnownFunction(
        "six-hump-camel",
        "(4 − 2.1x² + x⁴/3)x² + x·y + (−4 + 4y²)y²",
        ((-2.0, 2.0), (-1.0, 1.0)),
        ((0.0898420131, -0.7126564030), (-0.0898420131, 0.7126564030)),
        -1.0316284534898774,
        "six minima, two of them the lowest (L. Dixon and G. Szegö, Towards Global Optimization 2, 1978)",
        (
            (1.7036067136, -0.7960835687),
            (-1.7036067136, 0.7960835687),
            (1.6071047529, 0.5686514549),
            (-1.6071047529, -0.5686514549),
        ),
    ),
    KnownFunction(
        "goldstein-price",
        "(1 + (x + y + 1)²(19 − 14x + 3x² − 14y + 6x·y + 3y²))(30 + (2x − 3y)²(18 − 32x + 12x² + 48y − 36x·y + 27y²))",
        _square(2.0),
        ((0.0, -1.0),),
        3.0,
        "heights from 3 to a million (A. Goldstein and J. Price, Mathematics of Computation 25, 1971)",
        ((-0.6, -0.4), (1.8, 0.2), (1.2, 0.8)),
    ),
    KnownFunction(
        "styblinski-tang",
        "(x⁴ − 16x² + 5x + y⁴ − 16y² + 5y)/2",
        _square(5.0),
        ((-2.903534027771177, -2.903534027771177),),
        -78.33233140754282,
        "four minima, one the lowest (M. Styblinski and T.-S. Tang, Neural Networks 3, 1990)",
        ((2.746802773, 2.746802773), (-2.903534028, 2.746802773), (2.746802773, -2.903534028)),
    ),
    KnownFunction(
        "levy",
        "sin(3pi·x)² + (x − 1)²(1 + sin(3pi·y)²) + (y − 1)²(1 + sin(2pi·y)²)",
        _square(10.0),
        ((1.0, 1.0),),
        0.0,
        "the function usually called Lévy no. 13: ripples over a bowl (A. Levy and A. Montalvo, 1985)",
    ),
    KnownFunction(
        "mccormick",
        "sin(x + y) + (x − y)² − 1.5x + 2.5y + 1",
        ((-1.5, 4.0), (-3.0, 4.0)),
        ((-0.5471975512, -1.5471975512),),
        -1.9132229549810362,
        "steps down a slope: lowest within the window, unbounded below outside (G. McCormick, 1976)",
        ((2.5943951024, 1.5943951024),),
    ),
    KnownFunction(
        "bohachevsky",
        "x² + 2y² − 0.3cos(3pi·x) − 0.4cos(4pi·y) + 0.7",
        _square(2.0),
        ((0.0, 0.0),),
        0.0,
        "a bowl with ripples (I. Bohachevsky, M. Johnson and M. Stein, Technometrics 28, 1986)",
    ),
    KnownFunction("sphere", "x² + y²", _square(3.0), ((0.0, 0.0),), 0.0, "the plainest bowl"),
)

TEST_FUNCTIONS = {known.name: known for known in _ALL}
"""The test functions by name."""


def known_function(text: str) -> KnownFunction | None:
    """The test function of a name, whether written `monkey-saddle`, `Monkey saddle` or `monkey_saddle`.

    >>> known_function("Monkey Saddle").text
    'x³ − 3x·y²'
    """
    return TEST_FUNCTIONS.get("-".join(text.lower().replace("_", " ").replace("-", " ").split()))
