namespace DistMtl.Coordinator.Training;

/// <summary>How fast a worker is.</summary>
/// <param name="RowsPerSecond">From the call to work until its last sum: the median of some steps; 0: not known yet.</param>
/// <param name="IsSlow">Whether that is below half the median of all workers.</param>
internal sealed record WorkerRate(string Worker, IReadOnlyList<int> Shards, double RowsPerSecond, bool IsSlow);

/// <summary>
/// What each worker of a synchronous run makes of a step: who is slow, and how long a step may take before someone is taken for lost.
/// </summary>
/// <param name="notice">Told who is slow, and who no longer is.</param>
internal sealed class WorkerRates(TimeProvider time, Action<string> notice)
{
    /// <summary>Steps that a worker is judged by: one alone may be the machine's hiccup.</summary>
    public const int Window = 7;

    private const double SlowBelow = 0.5;

    /// <summary>Not the same, or a worker in between would be told of again and again.</summary>
    private const double FastAbove = 0.6;

    /// <summary>Steps in a row in which a slow worker was fast before it counts as fast: on a machine that is short of cores each is slow at times.</summary>
    public const int Recovery = 3 * Window;

    /// <summary>Steps of a generation that are no measure: code is compiled, caches are cold.</summary>
    public const int WarmUp = 20;

    /// <summary>Who keeps the others waiting for less is not slow, whatever the ratio.</summary>
    private static readonly TimeSpan s_noticeable = TimeSpan.FromMilliseconds(20);

    /// <summary>Steps that the deadline's median is taken of.</summary>
    private const int Kept = 32;

    /// <summary>Before so many are known the job's own deadline is what there is.</summary>
    private const int Enough = 10;

    private const int MediansAllowed = 20;

    /// <summary>No shorter, whatever the median: a machine may stand still for seconds.</summary>
    private static readonly TimeSpan s_least = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Pace> _paces = [];
    private readonly Queue<double> _stepSeconds = new();
    private long _began;
    private int _steps;

    /// <summary>Made once a step, and asked for with each frame.</summary>
    private TimeSpan? _usual;

    public IReadOnlyList<WorkerRate> Current
    {
        get
        {
            lock (_gate)
                return [.. _paces.Select(pace => new WorkerRate(pace.Key, pace.Value.Shards, pace.Value.RowsPerSecond, pace.Value.IsSlow))];
        }
    }

    /// <summary>A generation begins, with these workers.</summary>
    public void Form(IEnumerable<(string Worker, IReadOnlyList<int> Shards)> workers)
    {
        lock (_gate)
        {
            var before = new Dictionary<string, Pace>(_paces);
            _paces.Clear();
            _steps = 0;
            foreach (var (worker, shards) in workers)
                _paces[worker] = new Pace(shards) { IsSlow = before.GetValueOrDefault(worker)?.IsSlow ?? false };
        }
    }

    /// <summary>How long a step's parts may be waited for: many times as long as steps take, at most what the job says.</summary>
    public TimeSpan DeadlineOf(TimeSpan most)
    {
        lock (_gate)
            return _usual is { } usual && usual < most ? usual : most;
    }

    /// <summary>The workers are about to be called to work.</summary>
    public void BeginStep()
    {
        lock (_gate)
        {
            _began = time.GetTimestamp();
            foreach (var pace in _paces.Values)
                pace.Rows = 0;
        }
    }

    /// <summary>A worker's sum over so many rows has come.</summary>
    public void Add(string worker, int rows)
    {
        lock (_gate)
        {
            if (!_paces.TryGetValue(worker, out var pace))
                return;
            pace.Rows += rows;
            pace.Seconds = time.GetElapsedTime(_began).TotalSeconds;
        }
    }

    /// <summary>All sums have come.</summary>
    public void EndStep()
    {
        foreach (var text in Judge())
            notice(text);
    }

    private List<string> Judge()
    {
        var texts = new List<string>();
        lock (_gate)
        {
            _stepSeconds.Enqueue(time.GetElapsedTime(_began).TotalSeconds);
            if (_stepSeconds.Count > Kept)
                _stepSeconds.Dequeue();
            if (_stepSeconds.Count >= Enough)
                _usual = TimeSpan.FromSeconds(Math.Max(s_least.TotalSeconds, MediansAllowed * Median([.. _stepSeconds])));
            if (++_steps <= WarmUp)
                return texts;
            foreach (var pace in _paces.Values)
                pace.EndStep();
            var known = _paces.Where(pace => pace.Value.RowsPerSecond > 0).ToList();
            if (known.Count == 0)
                return texts;
            var median = Median([.. known.Select(pace => pace.Value.RowsPerSecond)]);
            foreach (var (worker, pace) in known)
            {
                if (!pace.Judge(IsSlow(pace, median)))
                    continue;
                texts.Add(pace.IsSlow
                    ? $"worker {worker} is slow: {pace.RowsPerSecond:0} rows/s, less than half the median of {median:0}"
                    : $"worker {worker} is no longer slow: {pace.RowsPerSecond:0} rows/s, and the median is {median:0}");
            }
        }
        return texts;
    }

    private static bool IsSlow(Pace pace, double median) => pace.RowsPerSecond < (pace.IsSlow ? FastAbove : SlowBelow) * median
        && pace.UsualRows / pace.RowsPerSecond - pace.UsualRows / median > (pace.IsSlow ? s_noticeable / 2 : s_noticeable).TotalSeconds;

    private static double Median(double[] values)
    {
        Array.Sort(values);
        return (values[(values.Length - 1) / 2] + values[values.Length / 2]) / 2;
    }

    private sealed class Pace(IReadOnlyList<int> shards)
    {
        private readonly Queue<double> _rates = new();
        private int _fastSteps;

        public IReadOnlyList<int> Shards => shards;

        /// <summary>Of the present step.</summary>
        public int Rows { get; set; }

        /// <summary>Until its last sum.</summary>
        public double Seconds { get; set; }

        /// <summary>Of the last step that had any.</summary>
        public int UsualRows { get; private set; }

        public double RowsPerSecond { get; private set; }

        public bool IsSlow { get; set; }

        public void EndStep()
        {
            // Who had no row in this step, as at the end of an epoch, is no measure.
            if (Rows == 0 || Seconds == 0)
                return;
            UsualRows = Rows;
            _rates.Enqueue(Rows / Seconds);
            if (_rates.Count > Window)
                _rates.Dequeue();
            if (_rates.Count == Window)
                RowsPerSecond = Median([.. _rates]);
        }

        /// <returns>Whether it has become slow with this step, or is no longer.</returns>
        public bool Judge(bool isSlow)
        {
            _fastSteps = isSlow ? 0 : _fastSteps + 1;
            if (isSlow == IsSlow || (IsSlow && _fastSteps < Recovery))
                return false;
            IsSlow = isSlow;
            return true;
        }
    }
}
