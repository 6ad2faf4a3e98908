import { join, resized } from './bytes.js'

/** A changed command. */
export interface Variant {
  readonly label: string
  readonly bytes: Uint8Array
}

/** A command cut short at every byte behind its header, and with one byte and five more at its end. */
export function cuts(command: Uint8Array): readonly Variant[] {
  const lengths = Array.from({ length: command.length - 10 }, (_, i) => i + 10)
  return [
    ...lengths.map((length) => ({ label: `cut to ${length}`, bytes: resized(command.subarray(0, length)) })),
    { label: 'one more', bytes: resized(join(command, Uint8Array.of(0))) },
    { label: 'five more', bytes: resized(join(command, Uint8Array.of(1, 2, 3, 4, 5))) },
  ]
}

type Range = readonly [from: number, to: number]

/** Every byte behind the header changed in six ways. */
export function changes(command: Uint8Array, opaque: readonly Range[]): readonly Variant[] {
  const variants: Variant[] = []
  for (let at = 10; at < command.length; at++) {
    if (opaque.some(([from, to]) => at >= from && at < to)) continue
    const before = command[at] ?? 0
    for (const value of new Set([
      0x00,
      0xff,
      before ^ 0x01,
      before ^ 0x80,
      (before + 1) & 0xff,
      before ^ 0x10,
    ])) {
      if (value === before) continue
      const bytes = Uint8Array.from(command)
      bytes[at] = value
      variants.push({ label: `byte ${at}: ${hex(before)} to ${hex(value)}`, bytes })
    }
  }
  return variants
}

const hex = (value: number): string => value.toString(16).padStart(2, '0')
