"""Looks at a page in a browser as a phone's owner does: does it fit, can it be hit and read."""

from typing import Final

LOOK: Final = """
() => {
  const said = []
  const seen = e => e.getClientRects().length > 0 && getComputedStyle(e).visibility !== 'hidden'
    && getComputedStyle(e).opacity !== '0'
  const name = e => `${e.tagName.toLowerCase()} “${(e.name || e.textContent).trim().slice(0, 40)}”`
  const root = document.documentElement
  // A phone makes its own window wider where a page is: this is what it had to begin with.
  const width = root.clientWidth
  if (root.scrollWidth > width)
    said.push(`the page is ${root.scrollWidth} px wide, the phone ${width}`)
  const visible = [...document.querySelectorAll('body *')].filter(seen)
  for (const e of visible) {
    const box = e.getBoundingClientRect()
    if (e.closest('.methods') && e.matches('input')) continue
    if (box.right > width + 0.5 || box.left < -0.5)
      said.push(`${name(e)} reaches from ${box.left} to ${box.right} of ${width} px`)
    if (e.matches('a, button, summary, input:not([type=hidden]), .methods label')
        && (box.width < 44 || box.height < 44))
      said.push(`${name(e)} is ${box.width} x ${box.height} px, 44 x 44 are the least`)
  }
  for (const e of visible.filter(e => e.matches('input:not([type=hidden]):not([type=radio])'))) {
    const size = parseFloat(getComputedStyle(e).fontSize)
    if (size < 16) said.push(`${name(e)} has type of ${size} px: a phone would zoom in`)
    if (!e.labels.length || !e.labels[0].textContent.trim()) said.push(`${name(e)} has no label`)
    if (!e.getAttribute('autocomplete')) said.push(`${name(e)} does not say what may be filled in`)
    if (!e.inputMode) said.push(`${name(e)} does not say which keyboard it wants`)
  }
  const rgb = text => text.match(/[\\d.]+/g).map(Number)
  const over = (top, below) => {
    const share = top.length > 3 ? top[3] : 1
    return [0, 1, 2].map(n => top[n] * share + below[n] * (1 - share))
  }
  const ground = e => {
    const stack = []
    for (; e; e = e.parentElement) stack.push(rgb(getComputedStyle(e).backgroundColor))
    return stack.reverse().reduce((below, top) => over(top, below), [255, 255, 255])
  }
  const light = colour => {
    const [r, g, b] = colour.map(v => (v /= 255) <= 0.04045 ? v / 12.92
      : ((v + 0.055) / 1.055) ** 2.4)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const contrast = (one, other) => {
    const [dark, bright] = [light(one), light(other)].sort((a, b) => a - b)
    return (bright + 0.05) / (dark + 0.05)
  }
  const read = (e, style, what) => {
    const size = parseFloat(style.fontSize)
    const least = size >= 24 || (size >= 18.66 && style.fontWeight >= 700) ? 3 : 4.5
    const below = ground(e)
    const measured = contrast(over(rgb(style.color), below), below)
    if (measured < least)
      said.push(`${what}: ${measured.toFixed(2)}:1, ${least}:1 is the least`)
  }
  for (const e of visible) {
    if ([...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()))
      read(e, getComputedStyle(e), name(e))
    if (e.matches('input') && e.placeholder)
      read(e, getComputedStyle(e, '::placeholder'), `the example in ${name(e)}`)
    if (e.matches('input:not([type=radio])')) {
      const edge = contrast(rgb(getComputedStyle(e).borderTopColor).slice(0, 3), ground(e))
      if (edge < 3) said.push(`the edge of ${name(e)}: ${edge.toFixed(2)}:1, 3:1 is the least`)
    }
  }
  return said
}
"""
"""Gives what is wrong on the page as a list of sentences; one check beside the other."""
