import { assertName, LiveMap } from '../config/index.js'
import { TrustholdError } from '../errors/index.js'
import { type BaseImage, BaseImageIndex, decodeBaseImage, encodeBaseImage } from '../policy/index.js'
import type { ConfigStore } from '../ports/index.js'
import { type BankSelection, isPcrBank, type PcrBank } from '../protocol/index.js'

/** Approved base images: what may run. */
export class BaseImages {
  readonly #index = new BaseImageIndex()
  #documents!: LiveMap<BaseImage>
  #selection: readonly BankSelection[] | undefined

  private constructor() {}

  static async open(store: ConfigStore): Promise<BaseImages> {
    const images = new BaseImages()
    images.#documents = await LiveMap.open({
      store,
      prefix: 'attestation/base-images/',
      kind: 'base image',
      encode: encodeBaseImage,
      decode(bytes, name) {
        const image = decodeBaseImage(bytes)
        if (image.name === name) return image
        throw new TrustholdError('STORE_CORRUPT', { key: name, reason: 'the image has another name' })
      },
      onChange: (name, image) => images.#follow(name, image),
    })
    return images
  }

  /**
   * Approves a base image under its own name.
   * @throws ALREADY_EXISTS, BASE_IMAGE_INVALID, REQUEST_INVALID
   */
  async create(image: BaseImage): Promise<void> {
    assertName(image.name, 'base-image.name')
    // Reading it back finds what no image may be stored with.
    await this.#documents.create(image.name, decodeBaseImage(encodeBaseImage(image)))
  }

  /** Takes the approval back, at once. @throws NOT_FOUND */
  async delete(name: string): Promise<void> {
    await this.#documents.delete(name)
  }

  names(): string[] {
    return this.#documents.names()
  }

  get(name: string): BaseImage | undefined {
    return this.#documents.get(name)?.document
  }

  /** All images, ready to be matched. @throws STORE_UNAVAILABLE */
  index(): BaseImageIndex {
    this.#documents.assertLive()
    return this.#index
  }

  /** The PCRs that some image names, by bank; what hosts are asked to quote. @throws STORE_UNAVAILABLE */
  selection(): readonly BankSelection[] {
    this.#documents.assertLive()
    this.#selection ??= this.#union()
    return this.#selection
  }

  close(): Promise<void> {
    return this.#documents.close()
  }

  #follow(name: string, image: BaseImage | undefined): void {
    this.#selection = undefined
    this.#index.remove(name)
    if (image !== undefined) this.#index.add(image)
  }

  #union(): readonly BankSelection[] {
    const byBank = new Map<PcrBank, Set<number>>()
    for (const name of this.#documents.names()) {
      const image = this.#documents.get(name)?.document
      if (image === undefined || !isPcrBank(image.bank)) continue
      const pcrs = byBank.get(image.bank) ?? new Set<number>()
      for (const { pcr } of image.pcrs) pcrs.add(pcr)
      byBank.set(image.bank, pcrs)
    }
    return [...byBank]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([bank, pcrs]) => ({ bank, pcrs: [...pcrs].sort((a, b) => a - b) }))
  }
}
