// Says beside a slider where it stands, while it moves. Without this the number shows where it stood when the page came.
for (const slider of document.querySelectorAll("[data-slider]")) {
  const track = slider.querySelector("input");
  const output = slider.querySelector("output");
  track.addEventListener("input", () => {
    output.value = `${track.value} %`;
  });
}
