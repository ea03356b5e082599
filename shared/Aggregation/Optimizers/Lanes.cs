using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace DistMtl.Aggregation.Optimizers;

/// <summary>
/// As many elements at a time as the machine's vectors hold, fewer at the end, so that one formula serves every element.
/// Lanes beyond the end read as zero and are not written. (Vector512 where it must be emulated is no substitute: the
/// compiler sometimes gives up inlining it, and a step then took fifteen times as long.)
/// </summary>
internal static class Lanes
{
    public static int Count => Vector<float>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Load(ReadOnlySpan<float> values, int start) =>
        values.Length - start >= Count
            ? Vector.LoadUnsafe(ref MemoryMarshal.GetReference(values), (nuint)start)
            : LoadTail(values[start..]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Span<float> values, int start, Vector<float> lanes)
    {
        if (values.Length - start >= Count)
            lanes.StoreUnsafe(ref MemoryMarshal.GetReference(values), (nuint)start);
        else
            StoreTail(values[start..], lanes);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Vector<float> LoadTail(ReadOnlySpan<float> tail)
    {
        Span<float> padded = stackalloc float[Count];
        padded.Clear();
        tail.CopyTo(padded);
        return new Vector<float>(padded);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void StoreTail(Span<float> tail, Vector<float> lanes)
    {
        for (var i = 0; i < tail.Length; i++)
            tail[i] = lanes[i];
    }
}
