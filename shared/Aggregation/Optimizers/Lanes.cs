using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace DistMtl.Aggregation.Optimizers;

/// <summary>
/// Sixteen elements at a time, fewer at the end, so that one formula serves every element. Lanes beyond the end read as
/// zero and are not written.
/// </summary>
internal static class Lanes
{
    public const int Count = 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(ReadOnlySpan<float> values, int start) =>
        values.Length - start >= Count ? Vector512.Create(values.Slice(start, Count)) : LoadTail(values[start..]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Span<float> values, int start, Vector512<float> lanes)
    {
        if (values.Length - start >= Count)
            lanes.CopyTo(values.Slice(start, Count));
        else
            StoreTail(values[start..], lanes);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Vector512<float> LoadTail(ReadOnlySpan<float> tail)
    {
        Span<float> padded = stackalloc float[Count];
        padded.Clear();
        tail.CopyTo(padded);
        return Vector512.Create<float>(padded);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void StoreTail(Span<float> tail, Vector512<float> lanes)
    {
        for (var i = 0; i < tail.Length; i++)
            tail[i] = lanes.GetElement(i);
    }
}
