// The end of the script of the web pages. Each live picture stands there as its PNG, followed by its state as JSON.

/** A stand-in for anywidget's model: state without a kernel. */
function stillModel(state) {
  const heard = new Map(), each = names => names.split(" ");
  return {
    withoutKernel: true,
    get: name => state[name],
    set(name, value) {
      state[name] = value;
      heard.get(`change:${name}`)?.forEach(act => act());
    },
    save_changes() {},
    on: (names, act) => each(names).forEach(name => heard.set(name, (heard.get(name) ?? new Set()).add(act))),
    off: (names, act) => each(names).forEach(name => heard.get(name)?.delete(act)),
  };
}

/** A stored trait as a widget gets it from the kernel: arrays of float32 as a DataView. */
function fromStored(value) {
  return value?.float32 === undefined ? value : new DataView(Uint8Array.from(atob(value.float32), c => c.charCodeAt(0)).buffer);
}

/** Put the widget in the place of its PNG, which stays if anything goes wrong. */
function bringToLife(script) {
  const { widget, state } = JSON.parse(script.textContent);
  const stored = Object.fromEntries(Object.entries(state).map(([name, value]) => [name, fromStored(value)]));
  const element = document.createElement("div"), picture = script.parentElement.previousElementSibling;
  picture.before(element);
  try {
    WIDGETS[widget]().render({ model: stillModel(stored), el: element });
    picture.hidden = true;
  } catch (problem) {
    element.remove();
    console.error(`${widget} stays a picture:`, problem);
  }
}

document.querySelectorAll("script.gbh-state").forEach(bringToLife);
