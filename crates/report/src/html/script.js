"use strict";
(function () {
  var root = document.documentElement;
  var items = Array.from(document.querySelectorAll("details.item"));
  var groups = Array.from(document.querySelectorAll("section.group"));
  var byId = function (id) { return document.getElementById(id); };

  var theme = byId("theme");
  var themes = ["system", "light", "dark"];
  theme.hidden = false;
  theme.addEventListener("click", function () {
    var next = themes[(themes.indexOf(root.dataset.theme || "system") + 1) % 3];
    if (next === "system") { delete root.dataset.theme; } else { root.dataset.theme = next; }
    theme.querySelector("span").textContent = next;
  });

  function unfoldTarget() {
    var target = byId(decodeURIComponent(location.hash.slice(1)));
    if (!target) { return; }
    if (target.matches("details.item")) {
      if (target.hidden) { reset(); }
      target.open = true;
      target.scrollIntoView();
    }
  }

  var tools = byId("tools");
  if (!tools) { return; }
  tools.hidden = false;
  var find = byId("find");
  var section = byId("section");
  var unfold = byId("unfold");
  var shown = byId("shown");
  var chips = Array.from(tools.querySelectorAll("button.chip"));
  var texts = items.map(function (item) { return item.textContent.toLowerCase(); });

  function chosen(kind) {
    return chips
      .filter(function (chip) { return chip.dataset[kind] !== undefined; })
      .filter(function (chip) { return chip.getAttribute("aria-pressed") === "true"; })
      .map(function (chip) { return chip.dataset[kind]; });
  }

  function allows(values, value) { return values.length === 0 || values.includes(value); }

  function filter() {
    var words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    var statuses = chosen("status");
    var priorities = chosen("priority");
    var number = 0;
    items.forEach(function (item, index) {
      var group = item.closest("section.group").dataset.section;
      var keep = [
        allows(statuses, item.dataset.status),
        allows(priorities, item.dataset.priority),
        section.value === "" || section.value === group,
        words.every(function (word) { return texts[index].includes(word); })
      ].every(Boolean);
      item.hidden = !keep;
      number += keep ? 1 : 0;
    });
    groups.forEach(function (group) {
      group.hidden = !group.querySelector("details.item:not([hidden])");
    });
    shown.textContent = number + " of " + items.length + " shown";
  }

  function reset() {
    find.value = "";
    section.value = "";
    chips.forEach(function (chip) { chip.setAttribute("aria-pressed", "false"); });
    filter();
  }

  chips.forEach(function (chip) {
    chip.addEventListener("click", function () {
      chip.setAttribute("aria-pressed", String(chip.getAttribute("aria-pressed") !== "true"));
      filter();
    });
  });
  find.addEventListener("input", filter);
  section.addEventListener("change", filter);
  byId("reset").addEventListener("click", reset);
  unfold.addEventListener("click", function () {
    var open = unfold.getAttribute("aria-pressed") !== "true";
    unfold.setAttribute("aria-pressed", String(open));
    unfold.textContent = open ? "Close all" : "Open all";
    items.forEach(function (item) { item.open = open; });
  });

  document.addEventListener("keydown", function (event) {
    var typing = event.target.matches("input, select, textarea");
    if (event.ctrlKey || event.metaKey || event.altKey) { return; }
    if (event.key === "/") {
      if (!typing) { event.preventDefault(); find.focus(); }
    } else if (event.key === "Escape") {
      if (event.target === find) { find.value = ""; filter(); }
    }
  });

  var closed = [];
  window.addEventListener("beforeprint", function () {
    closed = items.filter(function (item) { return !item.open; });
    closed.forEach(function (item) {
      item.open = item.dataset.status === "fail" || item.dataset.status === "unknown";
    });
  });
  window.addEventListener("afterprint", function () {
    closed.forEach(function (item) { item.open = false; });
  });

  window.addEventListener("hashchange", unfoldTarget);
  filter();
  unfoldTarget();
})();
