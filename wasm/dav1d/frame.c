/* Decodes one frame of AV1 with dav1d, and describes its planes to JavaScript. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <dav1d/dav1d.h>

/* What src/media/transcode/av1/dav1d.ts reads, 32 bits a field. */
struct frame {
  uint32_t width, height;
  /* 0 for grey, then 4:2:0, 4:2:2, 4:4:4. */
  uint32_t layout;
  uint32_t bits;
  uint32_t luma, blue, red;
  uint32_t luma_stride, chroma_stride;
  /* Of the sequence header; ITU-T H.273. */
  uint32_t primaries, transfer, matrix, is_full_range;
};

static struct frame frame;
static Dav1dContext *context;
static Dav1dPicture picture;

static void keep(const uint8_t *data, void *cookie) { (void)data, (void)cookie; }

__attribute__((export_name("allocate"))) void *allocate(size_t bytes) { return malloc(bytes); }

__attribute__((export_name("frame"))) const struct frame *frame_address(void) { return &frame; }

static int next_picture(const uint8_t *stream, size_t bytes) {
  Dav1dData data = { 0 };
  int result = dav1d_data_wrap(&data, stream, bytes, keep, NULL);
  while (result == 0 && data.sz > 0) {
    result = dav1d_send_data(context, &data);
    if (result != 0 && result != DAV1D_ERR(EAGAIN)) break;
    result = dav1d_get_picture(context, &picture);
    if (result == 0) break;
    if (result == DAV1D_ERR(EAGAIN)) result = 0;
  }
  dav1d_data_unref(&data);
  if (result != 0 || picture.data[0] != NULL) return result;
  return dav1d_get_picture(context, &picture);
}

/* Frees the last frame, so that the next one takes its memory. */
static void release(void) {
  if (picture.data[0] != NULL) dav1d_picture_unref(&picture);
  if (context != NULL) dav1d_close(&context);
}

static int open_and_decode(const uint8_t *stream, size_t bytes, uint32_t max_pixels) {
  Dav1dSettings settings;
  dav1d_default_settings(&settings);
  settings.n_threads = 1;
  settings.max_frame_delay = 1;
  settings.all_layers = 0;
  settings.frame_size_limit = max_pixels;
  const int result = dav1d_open(&context, &settings);
  return result == 0 ? next_picture(stream, bytes) : result;
}

/* Decodes the first frame of a stream from `allocate`, which it frees. Returns 0, or a negative error number. */
__attribute__((export_name("decode"))) int decode(uint8_t *stream, size_t bytes, uint32_t max_pixels) {
  release();
  const int result = open_and_decode(stream, bytes, max_pixels);
  free(stream);
  if (result != 0) return result;
  frame.width = (uint32_t)picture.p.w;
  frame.height = (uint32_t)picture.p.h;
  frame.layout = picture.p.layout;
  frame.bits = (uint32_t)picture.p.bpc;
  frame.luma = (uint32_t)(uintptr_t)picture.data[0];
  frame.blue = (uint32_t)(uintptr_t)picture.data[1];
  frame.red = (uint32_t)(uintptr_t)picture.data[2];
  frame.luma_stride = (uint32_t)picture.stride[0];
  frame.chroma_stride = (uint32_t)picture.stride[1];
  frame.primaries = picture.seq_hdr->pri;
  frame.transfer = picture.seq_hdr->trc;
  frame.matrix = picture.seq_hdr->mtrx;
  frame.is_full_range = picture.seq_hdr->color_range;
  return 0;
}
