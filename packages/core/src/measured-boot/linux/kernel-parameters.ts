/** A parameter of the kernel's or of a program's that reads its command line. */
export interface KernelParameter {
  readonly name: string
  /** What stands after the `=`, without quotes; undefined for a parameter without `=`. */
  readonly value: string | undefined
}

const whitespace = /\s/
const quote = '"'

/**
 * Splits a kernel's command line as the kernel does: at white space, but not within double quotes, and each word at its
 * first `=`. Quotes around a word or a value are taken off. Linux, `next_arg` in `lib/cmdline.c`.
 */
export function splitKernelParameters(text: string): readonly KernelParameter[] {
  return splitWords(text).map(readParameter)
}

function splitWords(text: string): readonly string[] {
  const words: string[] = []
  let word = ''
  let quoted = false
  for (const character of text) {
    if (character === quote) quoted = !quoted
    if (!quoted && whitespace.test(character)) {
      if (word !== '') words.push(word)
      word = ''
    } else word += character
  }
  return word === '' ? words : [...words, word]
}

function readParameter(word: string): KernelParameter {
  const whole = unquote(word)
  const equals = whole.indexOf('=')
  if (equals <= 0) return { name: whole, value: undefined }
  return { name: whole.slice(0, equals), value: unquote(whole.slice(equals + 1)) }
}

function unquote(text: string): string {
  if (!text.startsWith(quote)) return text
  return text.endsWith(quote) && text.length > 1 ? text.slice(1, -1) : text.slice(1)
}
