const { faces, questions } = JSON.parse(document.getElementById("data").textContent);
const answers = [];
const at = (id) => document.getElementById(id);
let saved = true;
function show() {
  const over = answers.length === questions.length;
  at("done").max = questions.length;
  at("done").value = answers.length;
  at("count").textContent = `${answers.length} of ${questions.length} judged` + (over ? ": thank you, save them now." : "");
  at("question").hidden = over;
  if (over) return;
  const [subject, left, right] = questions[answers.length];
  at("face").src = faces[subject];
  at("left").firstElementChild.src = faces[left];
  at("right").firstElementChild.src = faces[right];
}
function answer(word) {
  if (answers.length === questions.length) return;
  answers.push(word);
  saved = false;
  show();
}
function back() {
  answers.pop();
  show();
}
const cell = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
function save() {
  const lines = answers.map((word, k) => [...questions[k].map((name) => name.slice(1)), word].map(cell).join(","));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([["subject,left,right,chosen", ...lines].join("\n") + "\n"], { type: "text/csv" }));
  link.download = "judgements.csv";
  link.click();
  saved = true;
}
const keys = { ArrowLeft: () => answer("left"), ArrowRight: () => answer("right"), ArrowDown: () => answer(""), Backspace: back };
document.addEventListener("keydown", (event) => {
  if (event.repeat || event.altKey || event.ctrlKey || event.metaKey || !keys[event.key]) return;
  event.preventDefault();
  keys[event.key]();
});
at("left").onclick = keys.ArrowLeft;
at("right").onclick = keys.ArrowRight;
at("skip").onclick = keys.ArrowDown;
at("back").onclick = back;
at("save").onclick = save;
window.addEventListener("beforeunload", (event) => { if (!saved) event.preventDefault(); });
show();
