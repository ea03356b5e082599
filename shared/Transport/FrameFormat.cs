using System.Buffers.Binary;
using MessagePack;

namespace DistMtl.Transport;

/// <summary>
/// The fixed parts of what is on the wire (drawn in WIRE-FORMAT.md): records of 16 bytes of prefix, a header or a piece of
/// payload, and the checksum of all that came before.
/// </summary>
public static class FrameFormat
{
    public const int Version = 2;
    public const int PrefixBytes = 16;
    public const int ChecksumBytes = 8;

    /// <summary>A payload travels in pieces of this size, the last one shorter; smaller frames may pass between two of them.</summary>
    public const int ChunkBytes = 1 << 20;

    /// <summary>The kind of a record that carries a piece of a payload; no kind of frame.</summary>
    internal const FrameKind Chunk = (FrameKind)254;

    /// <summary>The kind of a record by which a receiver says how much it has consumed, and its window; no kind of frame.</summary>
    internal const FrameKind Credit = (FrameKind)255;

    internal const int CreditBytes = 16;

    /// <summary>A frame above this is refused before anything is allocated for it.</summary>
    public const long MaxPayloadBytes = 1L << 33;

    /// <summary>The largest header is a plan's: a job file of a few thousand features.</summary>
    public const int MaxHeaderBytes = 4 << 20;

    /// <summary>A hello names a job and a worker, and has no payload.</summary>
    public const int MaxHelloBytes = 4096;

    private const uint Magic = 0x32544D44; // "DMT2"
    private const uint FirstMagic = 0x4C544D44; // "DMTL"

    /// <summary>What comes from a socket is not trusted: no deep nesting, no hash flooding.</summary>
    private static readonly MessagePackSerializerOptions Options =
        MessagePackSerializerOptions.Standard.WithSecurity(MessagePackSecurity.UntrustedData.WithMaximumObjectGraphDepth(8));

    public static void WritePrefix(Span<byte> prefix, FrameKind kind, int headerBytes, long payloadBytes)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(prefix, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(prefix[4..], (uint)kind << 24 | (uint)headerBytes);
        BinaryPrimitives.WriteInt64LittleEndian(prefix[8..], payloadBytes);
    }

    /// <exception cref="FrameException">Not a record, or one above the limits.</exception>
    public static (FrameKind Kind, int HeaderBytes, long PayloadBytes) ReadPrefix(ReadOnlySpan<byte> prefix)
    {
        if (BinaryPrimitives.ReadUInt32LittleEndian(prefix) != Magic)
            throw new FrameException(WhatElse(prefix));
        var word = BinaryPrimitives.ReadUInt32LittleEndian(prefix[4..]);
        var kind = (FrameKind)(word >> 24);
        var headerBytes = (int)(word & 0xFFFFFF);
        var payloadBytes = BinaryPrimitives.ReadInt64LittleEndian(prefix[8..]);
        var isWithinLimits = kind switch
        {
            Chunk => headerBytes == 0 && payloadBytes is > 0 and <= ChunkBytes,
            Credit => headerBytes == CreditBytes && payloadBytes == 0,
            _ when !Enum.IsDefined(kind) => throw new FrameException($"frame of unknown kind {(byte)kind}"),
            _ => headerBytes <= MaxHeaderBytes && payloadBytes is >= 0 and <= MaxPayloadBytes,
        };
        return isWithinLimits
            ? (kind, headerBytes, payloadBytes)
            : throw new FrameException($"{kind} frame of {headerBytes} + {payloadBytes} bytes is above the limit");
    }

    public static byte[] Serialize<T>(T header) => MessagePackSerializer.Serialize(header, Options);

    /// <exception cref="FrameException">The header is not a <typeparamref name="T"/>.</exception>
    public static T Deserialize<T>(ReadOnlyMemory<byte> header)
    {
        try
        {
            return MessagePackSerializer.Deserialize<T>(header, Options) ?? throw new FrameException($"empty {typeof(T).Name}");
        }
        catch (MessagePackSerializationException e)
        {
            throw new FrameException($"unreadable {typeof(T).Name}: {e.Message}", e);
        }
    }

    private static string WhatElse(ReadOnlySpan<byte> prefix) => prefix switch
    {
        [0x15 or 0x16, 0x03, ..] => "the peer speaks TLS, and this end does not (--tls-ca, --tls-cert and --tls-key)",
        _ when BinaryPrimitives.ReadUInt32LittleEndian(prefix) == FirstMagic => $"the peer speaks version 1 of the wire format, not {Version}",
        _ => "the peer does not speak the tensor plane's protocol (wrong magic number)",
    };
}
