using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace DistMtl.Aggregation.Optimizers;

/// <summary>
/// <see cref="Lanes"/> for those who see to it that all vectors are full. Nothing here knows of an end that does not fill one:
/// a call for it, never made, keeps a rule's constants out of registers and halves its speed.
/// </summary>
internal static class WholeLanes
{
    public static int Count => Vector<float>.Count;

    /// <summary>Not checked: <paramref name="start"/> and the lanes behind it must lie within.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Load(ReadOnlySpan<float> values, int start) =>
        Vector.LoadUnsafe(ref MemoryMarshal.GetReference(values), (nuint)start);

    /// <summary>Not checked, as <see cref="Load"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Span<float> values, int start, Vector<float> lanes) =>
        lanes.StoreUnsafe(ref MemoryMarshal.GetReference(values), (nuint)start);
}
