//! Decodes the first frame of a JPEG XL image with jxl-rs to 8 bits, and describes it to JavaScript.
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicBool, Ordering};

use jxl::api::{
    AlphaMode, Event, ExtraChannel, JxlColorEncoding, JxlColorProfile, JxlColorType, JxlDataFormat, JxlDecoder,
    JxlDecoderOptions, JxlOutputBuffer, JxlPixelFormat, JxlPrimaries, JxlTransferFunction, ProfileLevel,
};
use jxl::error::Error;

/// What src/media/transcode/jxl/jxlDecoder.ts reads, 32 bits a field.
#[repr(C)]
#[derive(Default)]
pub struct Image {
    width: u32,
    height: u32,
    /// 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha.
    channels: u32,
    pixels: u32,
    icc: u32,
    icc_bytes: u32,
    /// ITU-T H.273 code points of an encoding without a profile; 2 is unspecified.
    primaries: u32,
    transfer: u32,
}

/// Remembers that the memory ran out: a failed allocation ends in a trap, like a defect.
struct Allocator;

static RAN_OUT: AtomicBool = AtomicBool::new(false);

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

fn checked(address: *mut u8) -> *mut u8 {
    if address.is_null() {
        RAN_OUT.store(true, Ordering::Relaxed);
    }
    address
}

// SAFETY: every call is passed on.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        checked(unsafe { System.alloc(layout) })
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        checked(unsafe { System.alloc_zeroed(layout) })
    }
    unsafe fn realloc(&self, address: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        checked(unsafe { System.realloc(address, layout, bytes) })
    }
    unsafe fn dealloc(&self, address: *mut u8, layout: Layout) {
        unsafe { System.dealloc(address, layout) }
    }
}

/// Whether an allocation failed, also after a trap.
#[unsafe(no_mangle)]
pub extern "C" fn ran_out() -> u32 {
    RAN_OUT.load(Ordering::Relaxed).into()
}

struct Shared<T>(UnsafeCell<T>);
// SAFETY: WebAssembly runs one thread.
unsafe impl<T> Sync for Shared<T> {}

static IMAGE: Shared<Option<Image>> = Shared(UnsafeCell::new(None));

/// Codes that `decode` returns.
const DECODED: u32 = 0;
const DAMAGED: u32 = 1;
const TOO_LARGE: u32 = 2;
const TRUNCATED: u32 = 3;
const CMYK: u32 = 4;

/// Colour, alpha, and a depth or spot colour.
const MAX_CHANNELS: usize = 5;

/// The memory is never freed: an instance decodes one image.
fn leak(bytes: Vec<u8>) -> u32 {
    Box::leak(bytes.into_boxed_slice()).as_ptr() as u32
}

#[unsafe(no_mangle)]
pub extern "C" fn allocate(bytes: usize) -> *mut u8 {
    leak(vec![0; bytes]) as *mut u8
}

#[unsafe(no_mangle)]
pub extern "C" fn image() -> *const Image {
    // SAFETY: one thread, and no reference to the image is kept.
    unsafe { (*IMAGE.0.get()).get_or_insert_with(Image::default) }
}

/// Decodes a file at `file`; returns a code.
///
/// # Safety
/// `file` comes from `allocate` with at least `bytes`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn decode(file: *const u8, bytes: usize, max_pixels: u32) -> u32 {
    // SAFETY: see above.
    let file = unsafe { std::slice::from_raw_parts(file, bytes) };
    match decode_first_frame(file, max_pixels as usize) {
        Ok(image) => {
            // SAFETY: one thread, and no reference to the image is kept.
            unsafe { *IMAGE.0.get() = Some(image) };
            DECODED
        }
        Err(code) => code,
    }
}

fn code_of(error: Error) -> u32 {
    match error {
        Error::ImageSizeTooLarge(..) => TOO_LARGE,
        _ => DAMAGED,
    }
}

/// Runs the decoder to `wanted`.
fn advance(
    decoder: &mut JxlDecoder,
    input: &mut &[u8],
    wanted: fn(Event) -> bool,
    mut buffers: Option<&mut [JxlOutputBuffer]>,
) -> Result<(), u32> {
    loop {
        let event = decoder.process(input, buffers.as_deref_mut(), None).map_err(code_of)?;
        if wanted(event) {
            return Ok(());
        }
        if matches!(event, Event::NeedMoreInput { .. } | Event::Complete) {
            return Err(TRUNCATED);
        }
    }
}

fn decode_first_frame(file: &[u8], max_pixels: usize) -> Result<Image, u32> {
    let mut options = JxlDecoderOptions::default();
    options.alpha_mode = AlphaMode::Unpremultiplied;
    options.max_profile_level = ProfileLevel::Main10;
    options.sample_limit = Some(max_pixels * MAX_CHANNELS);
    let mut decoder = JxlDecoder::new(options);
    let mut input = file;
    advance(&mut decoder, &mut input, |event| event == Event::BasicInfo, None)?;
    let info = decoder.basic_info().ok_or(DAMAGED)?;
    let (width, height) = info.size;
    if width.checked_mul(height).is_none_or(|pixels| pixels > max_pixels) {
        return Err(TOO_LARGE);
    }
    let profile = decoder.embedded_color_profile().ok_or(DAMAGED)?;
    if profile.is_cmyk() {
        return Err(CMYK);
    }
    let has_alpha = info.extra_channels.iter().any(|channel| channel.ec_type == ExtraChannel::Alpha);
    let color_type = match (profile.channels(), has_alpha) {
        (1, false) => JxlColorType::Grayscale,
        (1, true) => JxlColorType::GrayscaleAlpha,
        (_, false) => JxlColorType::Rgb,
        (_, true) => JxlColorType::Rgba,
    };
    let format = JxlPixelFormat {
        color_type,
        color_data_format: Some(JxlDataFormat::U8 { bit_depth: 8 }),
        extra_channel_format: vec![None; info.extra_channels.len()],
    };
    decoder.set_pixel_format(format).map_err(code_of)?;
    let channels = color_type.samples_per_pixel();
    let row_bytes = width * channels;
    advance(&mut decoder, &mut input, |event| event == Event::FrameHeader, None)?;
    let mut pixels = vec![0u8; row_bytes * height];
    let is_complete = |event| matches!(event, Event::FrameComplete { .. });
    let mut buffers = [JxlOutputBuffer::new(&mut pixels, height, row_bytes)];
    advance(&mut decoder, &mut input, is_complete, Some(&mut buffers))?;
    let mut image = Image {
        width: width as u32,
        height: height as u32,
        channels: channels as u32,
        pixels: leak(pixels),
        ..Image::default()
    };
    describe_color(decoder.output_color_profile().ok_or(DAMAGED)?, &mut image);
    Ok(image)
}

/// An encoding that the image names becomes code points, or a profile if H.273 has none for it.
fn describe_color(profile: &JxlColorProfile, image: &mut Image) {
    const UNSPECIFIED: u32 = 2;
    let (primaries, transfer) = match profile {
        JxlColorProfile::Simple(JxlColorEncoding::RgbColorSpace { primaries, transfer_function, .. }) => {
            (primaries_code(primaries), transfer_code(transfer_function))
        }
        JxlColorProfile::Simple(JxlColorEncoding::GrayscaleColorSpace { transfer_function, .. }) => {
            (1, transfer_code(transfer_function))
        }
        _ => (UNSPECIFIED, UNSPECIFIED),
    };
    (image.primaries, image.transfer) = (primaries, transfer);
    if primaries != UNSPECIFIED && transfer != UNSPECIFIED {
        return;
    }
    if let Some(icc) = profile.try_as_icc() {
        image.icc_bytes = icc.len() as u32;
        image.icc = leak(icc.into_owned());
    }
}

fn primaries_code(primaries: &JxlPrimaries) -> u32 {
    match primaries {
        JxlPrimaries::SRGB => 1,
        JxlPrimaries::BT2100 => 9,
        JxlPrimaries::P3 => 12,
        JxlPrimaries::Chromaticities { .. } => 2,
    }
}

fn transfer_code(transfer: &JxlTransferFunction) -> u32 {
    match transfer {
        JxlTransferFunction::SRGB => 13,
        JxlTransferFunction::PQ => 16,
        JxlTransferFunction::HLG => 18,
        _ => 2,
    }
}
