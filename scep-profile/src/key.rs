/// The size of the RSA key, `Keysize` of the payload. Apple's default is 1024, so it is always written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeySize {
    /// 2048 bits: what Okta prescribes.
    #[default]
    Rsa2048,
    /// 4096 bits.
    Rsa4096,
    /// 1024 bits: breakable, and here only so that old profiles can be read and written.
    Legacy1024,
}

impl KeySize {
    /// The size in bits, as the payload has it.
    #[must_use]
    pub fn bits(self) -> u32 {
        match self {
            Self::Legacy1024 => 1024,
            Self::Rsa2048 => 2048,
            Self::Rsa4096 => 4096,
        }
    }

    /// The size of so many bits; `None` for one that Apple does not list.
    #[must_use]
    pub fn from_bits(bits: u64) -> Option<Self> {
        match bits {
            1024 => Some(Self::Legacy1024),
            2048 => Some(Self::Rsa2048),
            4096 => Some(Self::Rsa4096),
            _ => None,
        }
    }
}

/// What the key may be used for, `Key Usage` of the payload: a bit mask in the order of the X.509 extension
/// (1 digital signature, 4 key encipherment).
///
/// ```
/// use scep_profile::KeyUsage;
///
/// assert!(KeyUsage::SIGNING.signs() && !KeyUsage::SIGNING.encrypts());
/// assert_eq!(KeyUsage::BOTH.bits(), 5);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyUsage(u16);

impl KeyUsage {
    /// No usage is asked for; the request has no such extension. Apple's default.
    pub const NONE: Self = Self(0);
    /// Digital signatures: what device trust needs.
    pub const SIGNING: Self = Self(1);
    /// Encryption of keys.
    pub const ENCRYPTION: Self = Self(4);
    /// Both of them.
    pub const BOTH: Self = Self(5);

    /// The usage with these bits; `None` beyond the nine bits that X.509 defines.
    #[must_use]
    pub fn from_bits(bits: u64) -> Option<Self> {
        u16::try_from(bits)
            .ok()
            .filter(|bits| *bits < 0x200)
            .map(Self)
    }

    /// The bits, as the payload has them.
    #[must_use]
    pub fn bits(self) -> u16 {
        self.0
    }

    /// Whether the key may sign.
    #[must_use]
    pub fn signs(self) -> bool {
        self.0 & 1 != 0
    }

    /// Whether the key may encrypt other keys.
    #[must_use]
    pub fn encrypts(self) -> bool {
        self.0 & 4 != 0
    }
}
