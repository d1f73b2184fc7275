"use strict";
// Nothing is lost without this: it copies, filters, and opens what is folded where a link leads and before printing.
(function () {
  function copier(pre) {
    var button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.addEventListener("click", function () {
      var text = pre.querySelector("code").textContent;
      var done = function () {
        button.textContent = "Copied";
      };
      if (navigator.clipboard) {
        navigator.clipboard.writeText(text).then(done, function () {});
      }
    });
    var row = document.createElement("div");
    row.className = "copied";
    pre.parentNode.insertBefore(row, pre);
    row.append(pre, button);
  }
  document.querySelectorAll("pre").forEach(copier);

  var parts = document.querySelectorAll(".answer, .brief tr, .cause");
  if (document.querySelector(".brief")) {
    var list = document.querySelector(".answers");
    var label = document.createElement("label");
    label.className = "filter";
    label.textContent = "Show only causes that mention ";
    var field = document.createElement("input");
    field.type = "search";
    label.appendChild(field);
    list.parentNode.insertBefore(label, list);
    var count = document.createElement("p");
    count.className = "filter";
    count.setAttribute("role", "status");
    list.parentNode.insertBefore(count, list);
    field.addEventListener("input", function () {
      var wanted = field.value.trim().toLowerCase();
      parts.forEach(function (one) {
        one.hidden = one.textContent.toLowerCase().indexOf(wanted) < 0;
      });
      var found = document.querySelectorAll(".answer:not([hidden]), .brief tr:not([hidden])").length;
      count.textContent = wanted ? found + " found" : "";
    });
  }

  function unfold() {
    var target = document.getElementById(location.hash.slice(1));
    var folded = target && target.querySelector("details.more");
    if (folded) {
      folded.open = true;
    }
  }
  window.addEventListener("hashchange", unfold);
  unfold();

  window.addEventListener("beforeprint", function () {
    document.querySelectorAll("details:not([open])").forEach(function (one) {
      one.dataset.folded = "";
      one.open = true;
    });
  });
  window.addEventListener("afterprint", function () {
    document.querySelectorAll("details[data-folded]").forEach(function (one) {
      delete one.dataset.folded;
      one.open = false;
    });
  });
})();
