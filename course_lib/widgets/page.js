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

const FOLDER = document.currentScript.src, LOADING = {};

/** What a script beside this one brings, under its name in gptByHand; it is loaded once a page. */
function loaded(name, file = name) {
  return LOADING[name] ??= new Promise((done, failed) => {
    const script = document.createElement("script");
    const onload = () => done(globalThis.gptByHand[name]), onerror = () => failed(new Error(`${file}.js cannot be loaded`));
    document.head.append(Object.assign(script, { src: new URL(`${encodeURIComponent(file)}.js`, FOLDER).href, onload, onerror }));
  });
}

/** Put the widget in the place of its PNG, which stays if anything goes wrong. */
async function bringToLife(script) {
  const { widget, state } = JSON.parse(script.textContent);
  const element = document.createElement("div"), picture = script.parentElement.previousElementSibling;
  try {
    if (!Object.hasOwn(FILES, widget)) throw new Error(`there is no ${widget}`);
    const [make] = await Promise.all([loaded(widget, FILES[widget]), state.model && loaded(state.model)]);
    const stored = Object.fromEntries(Object.entries(state).map(([name, value]) => [name, fromStored(value)]));
    picture.before(element);
    make(SHARED).render({ model: stillModel(stored), el: element });
    picture.hidden = true;
  } catch (problem) {
    element.remove();
    console.error(`${widget} stays a picture:`, problem);
  }
}

globalThis.gptByHand ??= {};
document.querySelectorAll("script.gbh-state").forEach(bringToLife);
