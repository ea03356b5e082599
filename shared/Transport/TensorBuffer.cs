using System.Buffers;
using System.Runtime.InteropServices;

namespace DistMtl.Transport;

/// <summary>
/// Pooled memory that is bytes to the socket and numbers to the arithmetic, so that a frame's payload is received
/// straight into what will be summed. Dispose gives it back; <see cref="Detach"/> hands the array on instead.
/// </summary>
public sealed class TensorBuffer : MemoryManager<byte>
{
    private readonly bool _isPooled;
    private readonly Memory<byte>? _place;
    private float[]? _array;

    private TensorBuffer(float[] array, int byteCount, bool isPooled)
    {
        _array = array;
        _isPooled = isPooled;
        ByteCount = byteCount;
    }

    private TensorBuffer(Memory<byte> place) => (_place, ByteCount) = (place, place.Length);

    public int ByteCount { get; }

    /// <summary>Whether the payload lies where a <see cref="PayloadPlacement"/> wanted it; then there is no array to hand on.</summary>
    public bool IsPlaced => _place is not null;

    /// <summary>The pooled array; longer than <see cref="Numbers"/>.</summary>
    /// <exception cref="InvalidOperationException">The payload lies in the receiver's own memory.</exception>
    public float[] Array => IsPlaced
        ? throw new InvalidOperationException("the payload lies where its receiver wanted it, not in an array")
        : _array ?? throw new ObjectDisposedException(nameof(TensorBuffer));

    public Span<float> Numbers => MemoryMarshal.Cast<byte, float>(GetSpan());

    public Memory<byte> Bytes => _place ?? CreateMemory(ByteCount);

    /// <exception cref="FrameException">More than an array can hold.</exception>
    public static TensorBuffer Rent(long byteCount)
    {
        if (byteCount > System.Array.MaxLength)
            throw new FrameException($"a payload of {byteCount} bytes does not fit one array");
        return new TensorBuffer(ArrayPool<float>.Shared.Rent((int)((byteCount + sizeof(float) - 1) / sizeof(float))), (int)byteCount, isPooled: true);
    }

    /// <summary>Takes over an array that came from the shared pool.</summary>
    public static TensorBuffer Wrap(float[] pooled, int length) => new(pooled, checked(length * sizeof(float)), isPooled: true);

    /// <summary>Looks at memory that stays the caller's.</summary>
    internal static TensorBuffer Place(Memory<byte> place) => new(place);

    /// <summary>Looks at an array that stays the caller's.</summary>
    public static TensorBuffer Borrow(float[] array, int length) => new(array, checked(length * sizeof(float)), isPooled: false);

    /// <summary>The caller owns the array from now on (and may return it to the shared pool).</summary>
    public float[] Detach()
    {
        var array = Array;
        _array = null;
        return array;
    }

    // Cut first: the pool rounds up, and the bytes of the whole array may be more than a span holds.
    public override Span<byte> GetSpan() => _place is { } place
        ? place.Span
        : MemoryMarshal.AsBytes(Array.AsSpan(0, (int)(((long)ByteCount + sizeof(float) - 1) / sizeof(float))))[..ByteCount];

    public override unsafe MemoryHandle Pin(int elementIndex = 0)
    {
        if (_place is { } place)
            return place[elementIndex..].Pin();
        var handle = GCHandle.Alloc(Array, GCHandleType.Pinned);
        return new MemoryHandle((byte*)handle.AddrOfPinnedObject() + elementIndex, handle);
    }

    public override void Unpin()
    {
        // The MemoryHandle frees its own GCHandle.
    }

    protected override void Dispose(bool disposing)
    {
        if (_array is not { } array)
            return;
        _array = null;
        if (_isPooled)
            ArrayPool<float>.Shared.Return(array);
    }
}
