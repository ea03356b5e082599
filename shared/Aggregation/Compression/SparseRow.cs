using System.Buffers.Binary;

namespace DistMtl.Aggregation.Compression;

/// <summary>
/// A row of which few elements are not zero, as bytes: how many there are (int32), then each with its distance from the one
/// before (from -1 for the first) less one, in groups of 7 bits, low ones first, the highest bit saying that more follow;
/// and its value as a float. Zeros are never written, so that one row has one text.
/// </summary>
internal static class SparseRow
{
    public const int HeaderBytes = sizeof(int);

    /// <summary>A distance within a slice has at most 16 bits.</summary>
    public const int MaxElementBytes = 3 + sizeof(float);

    /// <summary>left + right of two rows of <paramref name="length"/> elements: what only one of them has passes through, what adds up to zero goes.</summary>
    /// <remarks>
    /// The bits are those of adding the rows element by element. x + 0 is x for every x but -0, and no row has a -0: none is
    /// written, and a sum of two numbers is -0 only where both are.
    /// </remarks>
    /// <returns>Bytes written; at most those of both rows.</returns>
    /// <exception cref="NotFiniteNumberException">A sum is too large for a float.</exception>
    /// <exception cref="InvalidDataException">A row is damaged.</exception>
    public static int Merge(ref ReadOnlySpan<byte> left, ref ReadOnlySpan<byte> right, int length, Span<byte> sum)
    {
        var lefts = new SparseRowReader(left, length);
        var rights = new SparseRowReader(right, length);
        var writer = new SparseRowWriter(sum);
        var (onLeft, onRight) = (lefts.Next(), rights.Next());
        while (onLeft || onRight)
        {
            if (!onRight || onLeft && lefts.Index < rights.Index)
            {
                writer.Add(lefts.Index, lefts.Value);
                onLeft = lefts.Next();
            }
            else if (!onLeft || rights.Index < lefts.Index)
            {
                writer.Add(rights.Index, rights.Value);
                onRight = rights.Next();
            }
            else
            {
                var value = lefts.Value + rights.Value;
                if (!float.IsFinite(value))
                    throw new NotFiniteNumberException("the sum of two compressed gradients is not finite");
                if (value != 0)
                    writer.Add(lefts.Index, value);
                (onLeft, onRight) = (lefts.Next(), rights.Next());
            }
        }
        left = lefts.Rest;
        right = rights.Rest;
        return writer.Finish();
    }
}

/// <summary>Reads a row that came over the wire.</summary>
internal ref struct SparseRowReader
{
    private readonly int _length;
    private ReadOnlySpan<byte> _rest;
    private int _left;

    /// <exception cref="InvalidDataException">The payload does not begin as a row does.</exception>
    public SparseRowReader(ReadOnlySpan<byte> payload, int length)
    {
        if (payload.Length < SparseRow.HeaderBytes)
            throw new InvalidDataException("a sparse gradient ends before its row begins");
        _length = length;
        _left = BinaryPrimitives.ReadInt32LittleEndian(payload);
        _rest = payload[SparseRow.HeaderBytes..];
        if (_left < 0 || _left > length)
            throw new InvalidDataException($"a sparse gradient has {_left} elements in a row of {length}");
        Index = -1;
    }

    public int Index { get; private set; }

    public float Value { get; private set; }

    /// <summary>What follows the row, once all its elements are read.</summary>
    public readonly ReadOnlySpan<byte> Rest => _rest;

    /// <exception cref="InvalidDataException">The next element is cut off, outside the row, zero or not finite.</exception>
    public bool Next()
    {
        if (_left == 0)
            return false;
        _left--;
        Index += 1 + ReadGap();
        if (Index >= _length)
            throw new InvalidDataException($"a sparse gradient has element {Index} in a row of {_length}");
        if (_rest.Length < sizeof(float))
            throw new InvalidDataException($"a sparse gradient ends before the value of element {Index}");
        Value = BinaryPrimitives.ReadSingleLittleEndian(_rest);
        if (!float.IsFinite(Value) || Value == 0)
            throw new InvalidDataException($"a sparse gradient has the value {Value} at element {Index}");
        _rest = _rest[sizeof(float)..];
        return true;
    }

    private int ReadGap()
    {
        var gap = 0;
        for (var i = 0; i < SparseRow.MaxElementBytes - sizeof(float) && i < _rest.Length; i++)
        {
            gap |= (_rest[i] & 0x7f) << (7 * i);
            if (_rest[i] < 0x80)
            {
                if (_rest[i] == 0 && i > 0)
                    break;
                _rest = _rest[(i + 1)..];
                return gap;
            }
        }
        throw new InvalidDataException($"a sparse gradient has no distance behind element {Index}");
    }
}

/// <summary>Writes a row, element by element in ascending order.</summary>
internal ref struct SparseRowWriter(Span<byte> target)
{
    private readonly Span<byte> _target = target;
    private int _written = SparseRow.HeaderBytes;
    private int _count;
    private int _last = -1;

    public void Add(int index, float value)
    {
        var gap = (uint)(index - _last - 1);
        for (; gap >= 0x80; gap >>= 7)
            _target[_written++] = (byte)(gap | 0x80);
        _target[_written++] = (byte)gap;
        BinaryPrimitives.WriteSingleLittleEndian(_target[_written..], value);
        _written += sizeof(float);
        (_last, _count) = (index, _count + 1);
    }

    /// <returns>The row's bytes.</returns>
    public readonly int Finish()
    {
        BinaryPrimitives.WriteInt32LittleEndian(_target, _count);
        return _written;
    }
}
