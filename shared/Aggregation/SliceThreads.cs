namespace DistMtl.Aggregation;

/// <summary>Work that is done slice by slice, on several threads where there is enough of it.</summary>
public static class SliceThreads
{
    /// <summary>Fewer are done before another thread has woken.</summary>
    private const int FewSlices = 4;

    /// <summary>Calls <paramref name="action"/> for 0 to <paramref name="count"/> - 1 in no order; each must keep to its own slice.</summary>
    /// <param name="threads">At most; null: as many as there are cores.</param>
    /// <exception cref="AggregateException">What the actions have thrown, where several threads were at work.</exception>
    public static void ForEach(int count, Action<int> action, int? threads = null)
    {
        var most = threads ?? Environment.ProcessorCount;
        if (count > FewSlices && most > 1)
            Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = most }, action);
        else
        {
            for (var i = 0; i < count; i++)
                action(i);
        }
    }
}
