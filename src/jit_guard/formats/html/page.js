
(() => {
  "use strict";
  // Everything can be read without this script. It adds the filter by text and the keys.
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const search = document.getElementById("search");
  const count = document.getElementById("count");
  const rows = all("tr[data-s]").map((element) => ({ element, statuses: element.dataset.s.split(" ") }));
  let opener = null;
  let browsing = false;

  all(".search, .keys").forEach((element) => { element.hidden = false; });

  // The filter: each word must be in the header of the row, in the link, or in its panel, where
  // the names of other entries do not count.
  const learn = () => rows.forEach((row) => {
    if (row.links) return;
    row.header = row.element.firstElementChild.textContent.toLowerCase();
    row.links = all("a", row.element).map((link) => {
      const panel = document.getElementById(link.hash.slice(1));
      const kind = link.parentElement.dataset.t;
      const texts = panel ? all("h3, .about, q, pre", panel).map((one) => one.textContent) : [];
      const text = [row.header, kind, link.textContent, ...texts].join("\n").toLowerCase();
      return { link, text };
    });
  });
  const apply = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const status = document.querySelector("[name=show]:checked").value;
    let shown = 0;
    if (words.length) learn();
    for (const row of rows) {
      let found = !words.length || words.every((word) => row.header.includes(word));
      const marks = !found;
      for (const one of row.links || []) {
        const hit = marks && words.every((word) => one.text.includes(word));
        found ||= hit;
        if (one.hit !== hit) { one.link.classList.toggle("hit", hit); one.hit = hit; }
      }
      found &&= !status || row.statuses.includes(status);
      if (row.element.hidden === found) row.element.hidden = !found;
      if (found) shown += 1;
    }
    const total = rows.length.toLocaleString("en");
    count.textContent = words.length || status ? `${shown.toLocaleString("en")} of ${total} rows` : "";
  };
  if (search) {
    search.form.addEventListener("submit", (event) => event.preventDefault());
    search.addEventListener("focus", () => setTimeout(learn), { once: true });
    search.form.addEventListener("input", apply);
    apply();
  }

  // The panels.
  const target = () => {
    const found = location.hash && document.getElementById(location.hash.slice(1));
    return found && found.localName === "article" ? found : null;
  };
  const mark = () => {
    all("td a.on").forEach((link) => link.classList.remove("on"));
    const panel = target();
    document.body.classList.toggle("open", Boolean(panel));
    if (!panel) return;
    const link = opener && opener.isConnected && opener.closest("td") ? opener
      : document.querySelector(`td a[href="#${panel.id}"]`);
    if (link) link.classList.add("on");
    if (browsing && opener) opener.focus({ preventScroll: true });
    else panel.querySelector("h3").focus({ preventScroll: true });
    panel.scrollTop = 0;
  };
  const close = (panel) => {
    const back = opener || document.querySelector(`td a[href="#${panel.id}"]`);
    const top = scrollY;
    location.hash = back && back.id ? back.id : "library";
    scrollTo(scrollX, top);
    if (back) back.focus({ preventScroll: true });
    opener = null;
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link) return;
    browsing = false;
    if (link.className === "close") {
      event.preventDefault();
      close(link.closest("article"));
    } else if (link.hash.startsWith("#c-")) {
      opener = link;
    }
  });
  addEventListener("hashchange", mark);
  mark();

  // The keys.
  const visible = (row) => row && row.checkVisibility();
  const beside = (row, step) => {
    let next = row;
    do next = next && next[step]; while (next && !(visible(next) && next.querySelector("a")));
    return next;
  };
  const move = (link, key) => {
    const row = link.closest("tr");
    const links = all("a", row);
    const at = links.indexOf(link);
    if (key === "ArrowLeft") return links[at - 1];
    if (key === "ArrowRight") return links[at + 1];
    if (key === "Home") return links[0];
    if (key === "End") return links[links.length - 1];
    const next = beside(row, key === "ArrowUp" ? "previousElementSibling" : "nextElementSibling");
    if (!next) return null;
    const column = [...row.children].indexOf(link.closest("td"));
    const distance = (one) => Math.abs([...next.children].indexOf(one.closest("td")) - column);
    return all("a", next).sort((one, other) => distance(one) - distance(other))[0];
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.matches("input[type=search]");
    const panel = target();
    if (event.key === "/" && search && !typing) {
      event.preventDefault();
      search.focus();
      search.select();
    } else if (event.key === "Escape" && typing) {
      event.preventDefault();
      search.value = "";
      apply();
    } else if (event.key === "Escape" && panel) {
      close(panel);
    } else if (event.target.matches("td a")) {
      const next = /^(Arrow(Left|Right|Up|Down)|Home|End)$/.test(event.key) && move(event.target, event.key);
      if (!next) return;
      event.preventDefault();
      next.focus();
      if (!panel) return;
      opener = next;
      browsing = true;
      location.replace(next.hash);
    }
  });
})();
