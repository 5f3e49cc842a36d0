/* Keeps the page of an upgrade fresh. Does nothing on any other page. */
(function () {
  "use strict";
  var EVERY = 2000, SLOWLY = 10000, PATIENCE = 2;
  var failures = 0;

  function state(box) { return box.querySelector(".upgrade"); }

  function keepOpen(box) {
    return Array.prototype.filter.call(box.querySelectorAll("details"), function (one) {
      return one.open && one.id;
    }).map(function (one) { return one.id; });
  }

  // The focus, what was opened and how far the picture was scrolled survive the change; only the
  // news are spoken.
  function show(box, html) {
    var scrolled = (box.querySelector(".upgrade-scroll") || {}).scrollLeft;
    var said = state(box).dataset.says, focus = document.activeElement, open = keepOpen(box);
    var id = focus && box.contains(focus) ? focus.id : "";
    box.innerHTML = html;
    open.forEach(function (name) {
      var again = document.getElementById(name);
      if (again) { again.open = true; }
    });
    if (scrolled) { box.querySelector(".upgrade-scroll").scrollLeft = scrolled; }
    if (id && document.getElementById(id)) { document.getElementById(id).focus(); }
    if (state(box).dataset.says !== said) {
      document.getElementById("upgrade-spoken").textContent = state(box).dataset.says;
    }
  }

  function trouble(visible) {
    document.getElementById("upgrade-trouble").classList.toggle("hidden", !visible);
  }

  function look(box) {
    var login = null;
    fetch(box.dataset.url, {
      credentials: "same-origin", cache: "no-store",
      headers: {"X-Requested-With": "XMLHttpRequest"}
    }).then(function (answer) {
      login = answer.headers.get("X-Horizon-Location");
      if (login) { window.location.href = login; }
      if (!answer.ok) { throw new Error(answer.status); }
      return answer.text();
    }).then(function (html) {
      if (login) { return; }
      failures = 0;
      trouble(false);
      show(box, html);
      next(box);
    }).catch(function () {
      failures += 1;
      trouble(failures >= PATIENCE);
      if (!login) { next(box); }
    });
  }

  function next(box) {
    var now = state(box).dataset;
    if (now.ended === "yes") { return; }
    var slowly = now.paused === "yes" || failures >= PATIENCE || document.hidden;
    window.setTimeout(look, slowly ? SLOWLY : EVERY, box);
  }

  document.addEventListener("DOMContentLoaded", function () {
    var box = document.getElementById("upgrade-live");
    if (box) { next(box); }
  });
}());
