// Runs before anything is painted: the reader's own choice of light or dark, if one was made.
(() => {
  const chosen = localStorage.getItem("theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
})();
