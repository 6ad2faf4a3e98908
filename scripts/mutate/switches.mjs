/** @typedef {import('./mutations.mjs').Mutation} Mutation */

/** @param {Mutation} outer @param {Mutation} inner */
const holds = (outer, inner) => outer.start <= inner.start && inner.end <= outer.end

/**
 * Puts all changes of a file into it at once, each behind a question of its own: `__mutated('id') ? changed : as it was`.
 * @param {string} code the file's text
 * @param {readonly Mutation[]} mutations of this file; their places lie within each other or apart
 * @returns {string}
 */
export function withSwitches(code, mutations) {
  /** @param {number} from @param {number} to @param {readonly Mutation[]} within */
  const render = (from, to, within) => {
    // The widest first, and of one place all together.
    const open = [...within].sort((x, y) => x.start - y.start || y.end - x.end)
    let text = ''
    let at = from
    while (open.length > 0) {
      const first = /** @type {Mutation} */ (open[0])
      const inner = open.filter((other) => holds(first, other))
      const here = inner.filter(({ start, end }) => start === first.start && end === first.end)
      open.splice(0, inner.length)
      const questions = here.map(
        ({ id, text: changed }) => `__mutated(${JSON.stringify(id)}) ? ${changed} : `,
      )
      const deeper = inner.filter((other) => !here.includes(other))
      text += `${code.slice(at, first.start)}(${questions.join('')}(${render(first.start, first.end, deeper)}))`
      at = first.end
    }
    return text + code.slice(at, to)
  }
  return render(0, code.length, mutations)
}
