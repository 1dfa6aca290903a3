// What runs in a server's pages alone is not offered where the pages are opened from a file.
if (location.protocol === "file:") {
  for (const link of document.querySelectorAll(".gbh-needs-server")) {
    link.title = "needs the pages to be served: python -m http.server --directory build/site";
    link.removeAttribute("href");
    link.append(" (when served)");
  }
}

// The theme's menu unfolds by an arrow without a word.
for (const arrow of document.querySelectorAll("li.has-children > details > summary")) {
  const page = arrow.parentElement.parentElement.querySelector("a").textContent.trim();
  arrow.setAttribute("aria-label", `pages below ${page}`);
}

// On a phone a wide figure keeps a size at which its numbers can be read, and is scrolled: by finger, and by the keyboard.
for (const figure of document.querySelectorAll(".cell_output:not(:has(.gbh-state)) img")) {
  const fit = () => {
    if (figure.naturalWidth < 600 || !matchMedia("(width < 600px)").matches) return;
    figure.classList.add("gbh-wide");
    Object.entries({ tabindex: 0, role: "group", "aria-label": "figure, wider than the page" }).forEach(([name, value]) => figure.parentElement.setAttribute(name, value));
  };
  if (figure.complete) fit();
  else figure.addEventListener("load", fit);
}
