namespace DistMtl.Transport;

/// <summary>
/// Says where the payload of a frame that has begun to arrive goes: straight into memory of the receiver's own, instead of
/// a pooled buffer. Called on the connection's receiving task, when the header is known to be whole, so it has to be quick.
/// The frame is handed out only when all of the payload has come undamaged; if the connection ends before that, part of the
/// memory is overwritten and nobody is told of the frame.
/// </summary>
/// <param name="header">As <see cref="FrameFormat.Deserialize"/> reads it.</param>
/// <param name="payloadBytes">The exact length of the memory to be returned; never 0.</param>
/// <returns>Null: a pooled buffer.</returns>
public delegate Memory<byte>? PayloadPlacement(FrameKind kind, ReadOnlyMemory<byte> header, long payloadBytes);
