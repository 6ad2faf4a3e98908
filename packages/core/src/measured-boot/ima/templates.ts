/** How a field of a template is written in the text form. Kernel: `security/integrity/ima/ima_template_lib.c`. */
export type FieldForm = 'digest' | 'prefixed-digest' | 'text' | 'hex' | 'u32' | 'u16'

const forms = {
  d: 'digest',
  'd-ng': 'prefixed-digest',
  'd-ngv2': 'prefixed-digest',
  'd-modsig': 'prefixed-digest',
  n: 'text',
  'n-ng': 'text',
  xattrnames: 'text',
  sig: 'hex',
  modsig: 'hex',
  evmsig: 'hex',
  buf: 'hex',
  xattrlengths: 'hex',
  xattrvalues: 'hex',
  iuid: 'u32',
  igid: 'u32',
  imode: 'u16',
} as const satisfies Record<string, FieldForm>

/** Name of a field of a template. */
export type ImaField = keyof typeof forms

/** What the entries of one template consist of. */
export interface ImaTemplate {
  /** As the list has it. Not measured: whoever gives the list can write another one over the same data. */
  readonly name: string
  /** Whether it is one of the kernel's own, and not a format that was given at boot. */
  readonly builtIn: boolean
  /** Fields in order; undefined for a template that is not known here, whose data is only hashed. */
  readonly fields: readonly ImaField[] | undefined
}

/** Most fields of a template, as in the kernel. */
export const maxFields = 15
const builtIn: Readonly<Record<string, string>> = {
  ima: 'd|n',
  'ima-ng': 'd-ng|n-ng',
  'ima-sig': 'd-ng|n-ng|sig',
  'ima-ngv2': 'd-ngv2|n-ng',
  'ima-sigv2': 'd-ngv2|n-ng|sig',
  'ima-buf': 'd-ng|n-ng|buf',
  'ima-modsig': 'd-ng|n-ng|sig|d-modsig|modsig',
  'evm-sig': 'd-ng|n-ng|evmsig|xattrnames|xattrlengths|xattrvalues|iuid|igid|imode',
}

/** How a field is written. */
export function formOf(field: ImaField): FieldForm {
  return forms[field]
}

/**
 * The template of a name: one of the kernel's, or, as for formats that are given at boot, the format itself, such as
 * `d-ng|n-ng|sig`. Kernel: `security/integrity/ima/ima_template.c`.
 */
export function templateOf(name: string): ImaTemplate {
  const own = Object.hasOwn(builtIn, name)
  const fields = (own ? (builtIn[name] ?? '') : name).split('|', maxFields + 1)
  const known = fields.length <= maxFields && fields.every(isField)
  return { name, builtIn: own, fields: known ? fields : undefined }
}

function isField(name: string): name is ImaField {
  return Object.hasOwn(forms, name)
}
