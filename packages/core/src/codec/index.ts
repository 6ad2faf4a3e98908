/**
 * One definition gives parser, serialiser and type.
 * @module
 */
export { bytesOf, listOf, rest, sized, sizedBytes, sizedView } from './byte-strings.js'
export { type Codec, decode, decodePrefix, encode, type Infer } from './codec.js'
export { constant, enumOf, flags, u8, u16, u16le, u32, u32le, u64, u64le, yesNo } from './numbers.js'
export { Reader } from './reader.js'
export { type Fields, refine, struct, type Values, variant } from './structures.js'
export { Writer } from './writer.js'
