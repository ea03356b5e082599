namespace DistMtl.Transport;

/// <summary>What came over the wire is not a frame, or was damaged on the way; the connection is of no more use.</summary>
public sealed class FrameException(string message, Exception? inner = null) : IOException(message, inner);
