using System.IO.Hashing;
using DistMtl.Transport;

namespace DistMtl.Faults;

/// <summary>
/// What goes over a connection undivided: a frame that has one piece of payload or none, a credit, or the beginning or a piece
/// of a larger frame.
/// </summary>
internal sealed record Parcel(byte[] Bytes)
{
    private const int LongestPiece = FrameFormat.ChunkBytes;

    /// <returns>Null: the sender has closed the connection.</returns>
    public static async Task<Parcel?> ReadAsync(Stream stream)
    {
        if (await RecordAsync(stream) is not { } record)
            return null;
        // Kinds from 254 on are no frames: their payload is in the record.
        var (kind, _, payloadBytes) = FrameFormat.ReadPrefix(record);
        return (byte)kind < 254 && payloadBytes is > 0 and <= LongestPiece && await RecordAsync(stream) is { } piece
            ? new Parcel([.. record, .. piece])
            : new Parcel(record);
    }

    /// <summary>Checksums that are right for what has gone before: what happened to this direction shows in them no more.</summary>
    /// <param name="before">What has gone before; this goes now.</param>
    public void Seal(XxHash3 before)
    {
        for (var start = 0; start < Bytes.Length;)
        {
            var end = start + LengthOf(Bytes.AsSpan(start)) - FrameFormat.ChecksumBytes;
            before.Append(Bytes.AsSpan(start, end - start));
            BitConverter.TryWriteBytes(Bytes.AsSpan(end), before.GetCurrentHashAsUInt64());
            start = end + FrameFormat.ChecksumBytes;
        }
    }

    private static async Task<byte[]?> RecordAsync(Stream stream)
    {
        var record = new byte[FrameFormat.PrefixBytes];
        var have = await stream.ReadAtLeastAsync(record, record.Length, throwOnEndOfStream: false);
        if (have == 0)
            return null;
        if (have < record.Length)
            throw new EndOfStreamException();
        Array.Resize(ref record, LengthOf(record));
        await stream.ReadExactlyAsync(record.AsMemory(have));
        return record;
    }

    private static int LengthOf(ReadOnlySpan<byte> record)
    {
        var (kind, headerBytes, payloadBytes) = FrameFormat.ReadPrefix(record);
        return FrameFormat.PrefixBytes + ((byte)kind < 254 ? headerBytes : headerBytes + (int)payloadBytes) + FrameFormat.ChecksumBytes;
    }
}
