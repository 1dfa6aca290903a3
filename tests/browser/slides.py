"""Whether slides can be shown: from a file, without a network, each as high as the screen, live pictures alive.

    python -m tests.browser.slides build/slides        # every lesson for which `make slides` wrote them
    python -m tests.browser.slides build/slides 04_    # those with 04_ in their name

Needs a Chromium and, beside Python, the package playwright alone.
"""

import sys

from tests.browser.alive import answers_mouse, opened
from tests.browser.every_page import look_at, pages

HEIGHT, WIDTH = 700, 1120  # the screen for which slides are laid out
LOWEST = "() => Math.max(...[...Reveal.getCurrentSlide().children].map(part => part.getBoundingClientRect().bottom))"
WIDER = """() => [...Reveal.getCurrentSlide().querySelectorAll("pre, table, img, mjx-container > svg, .gbh")].some(
    part => part.getBoundingClientRect().right > innerWidth || part.matches("pre") && part.scrollWidth > part.clientWidth + 1)"""
THERE = "() => [...Reveal.getCurrentSlide().querySelectorAll('img:not([hidden])')].every(image => image.naturalWidth > 0)"


def problems(page):
    """Sentences about an open page of slides."""
    page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
    page.evaluate("MathJax.startup.promise")
    for n in range(page.evaluate("Reveal.getTotalSlides()")):
        page.evaluate("n => Reveal.slide(n)", n)
        if page.evaluate(LOWEST) > HEIGHT:
            yield f"slide {n + 1} is higher than the screen"
        if page.evaluate(WIDER):
            yield f"slide {n + 1} is wider than the screen"
        if not page.evaluate(THERE):
            yield f"slide {n + 1} has a picture that is not there"
        for view in page.locator("section.present .gbh").all():
            if not answers_mouse(page, view):
                yield f"slide {n + 1}: {view.get_attribute('aria-label')!r} does not answer the mouse"
    if page.locator("script.gbh-state").count() != page.locator(".gbh").count():
        yield "not every live picture lives"


def look(browser, path):
    """(how many slides a lesson has, sentences about what is wrong with them)."""
    page, errors = opened(browser, path)
    slides, sentences = page.evaluate("Reveal.getTotalSlides()"), [*problems(page), *errors]
    page.context.close()
    return slides, sentences


def main(folder, *parts):
    """Print what is wrong; whether anything is."""
    return look_at(folder, pages(folder, parts), look, "slides")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
