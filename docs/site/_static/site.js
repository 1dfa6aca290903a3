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
