/** Planes of the picture: whole macroblocks, one byte a sample. */

@unmanaged
class Picture {
  /** In macroblocks. */
  width: i32;
  height: i32;
  /** Of chroma: 1 for 4:2:0, 0 for 4:2:2. */
  yShift: i32;
  luma: usize;
  blue: usize;
  red: usize;
  decodedMacroblocks: i32;
  isDamaged: bool;
}

export const picture = changetype<Picture>(memory.data(offsetof<Picture>(), 16));

const GREY: u8 = 128;

function chromaBytes(): usize {
  return <usize>(picture.width * picture.height * 128) >> <usize>picture.yShift;
}

/** Lays out the planes at an address, filled with grey. */
export function startPicture(at: usize, width: i32, height: i32, yShift: i32): void {
  picture.width = width;
  picture.height = height;
  picture.yShift = yShift;
  picture.luma = at;
  picture.blue = at + <usize>(width * height * 256);
  picture.red = picture.blue + chromaBytes();
  picture.decodedMacroblocks = 0;
  picture.isDamaged = false;
  memory.fill(at, GREY, <usize>planeBytes(width, height, yShift));
}

/** Bytes of the three planes. */
export function planeBytes(width: i32, height: i32, yShift: i32): i32 {
  return width * height * (256 + (256 >> yShift));
}

/** Address of a plane: luma, blue, red. */
export function planeAt(index: i32): usize {
  return index === 0 ? picture.luma : index === 1 ? picture.blue : picture.red;
}

export function decodedMacroblocks(): i32 {
  return picture.decodedMacroblocks;
}

export function damage(): i32 {
  picture.isDamaged = true;
  return 0;
}

/** Copies the lines of a field, 0 or 1, to those of the other. */
export function repeatField(field: i32): void {
  for (let index: i32 = 0; index < 3; index++) {
    const lineBytes: usize = <usize>(picture.width * (index === 0 ? 16 : 8));
    const lines = (picture.height * 16) >> (index === 0 ? 0 : picture.yShift);
    const plane = planeAt(index);
    for (let y: i32 = 0; y < lines; y += 2)
      memory.copy(plane + <usize>(y + 1 - field) * lineBytes, plane + <usize>(y + field) * lineBytes, lineBytes);
  }
}
